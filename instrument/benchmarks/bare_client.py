"""A JACK client in C that does nothing: what a machine drops whoever plays."""

import contextlib
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from .jack_dummy import JackServer, jack_server

TIMEOUT_SECONDS = 30.0

# Written without JACK's headers, which need not be there.
_SOURCE = """
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
void *jack_client_open(const char *, int, int *, ...);
int jack_set_process_callback(void *, int (*)(unsigned, void *), void *);
int jack_set_xrun_callback(void *, int (*)(void *), void *);
void *jack_port_register(void *, const char *, const char *, unsigned long, unsigned long);
void *jack_port_get_buffer(void *, unsigned);
int jack_activate(void *);
int jack_connect(void *, const char *, const char *);
int jack_client_close(void *);
static void *port;
static volatile int n_xruns, ended;
static int process(unsigned n, void *unused) {
  memset(jack_port_get_buffer(port, n), 0, n * sizeof(float));
  return 0;
}
static int xrun(void *unused) { n_xruns++; return 0; }
static void end(int unused) { ended = 1; }
int main(void) {
  void *client = jack_client_open("bare", 1, 0);
  if (!client) return 1;
  signal(SIGTERM, end);
  port = jack_port_register(client, "out", "32 bit float mono audio", 2, 0);
  jack_set_process_callback(client, process, 0);
  jack_set_xrun_callback(client, xrun, 0);
  if (jack_activate(client)) return 1;
  jack_connect(client, "bare:out", "system:playback_1");
  puts("ready");
  fflush(stdout);
  while (!ended) pause();
  printf("%d\\n", n_xruns);
  jack_client_close(client);
  return 0;
}
"""


class BareClient:
    """A running client; use `bare_client`."""

    def __init__(self, process: "subprocess.Popen[bytes]", server: JackServer) -> None:
        """Take a process that has said that it is ready, and its server."""
        self._process = process
        self.server = server

    def count(self) -> int:
        """End it; give how often its server told it of blocks that were dropped."""
        self._process.terminate()
        output, _ = self._process.communicate(timeout=TIMEOUT_SECONDS)
        return int(output)


@contextlib.contextmanager
def bare_client(block: int, folder: Path) -> Iterator[BareClient | None]:
    """Run the client on a server of its own; None without a C compiler.

    Args:
        block: Frames a period.
        folder: Where it is compiled.

    Raises:
        JackServerError: If no server can be started.
    """
    program = _compiled(folder)
    if program is None:
        yield None
        return
    with jack_server(block) as server:
        process = subprocess.Popen([program], env=server.environment, stdout=subprocess.PIPE)
        assert process.stdout is not None
        process.stdout.readline()
        try:
            yield BareClient(process, server)
        finally:
            process.kill()
            process.communicate()


def _compiled(folder: Path) -> str | None:
    compiler = shutil.which("cc")
    if compiler is None:
        return None
    source, program = folder / "bare.c", folder / "bare"
    source.write_text(_SOURCE)
    done = subprocess.run(
        [compiler, "-o", program, source, "-l:libjack.so.0"], capture_output=True, check=False
    )
    return str(program) if done.returncode == 0 else None
