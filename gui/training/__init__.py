"""The Train page: what is asked, what runs, what it has come to."""
