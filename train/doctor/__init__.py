"""The doctor of data sets: what is wrong with notes before anybody trains on them."""
