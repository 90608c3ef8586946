"""The browser that the tests drive: found on this machine, or put there where that is possible.

`python -m tests.chromium` (which `make test` calls) makes sure that there is one. Playwright's own
downloads are not used: a distribution's Chromium gets its security updates from there.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "/usr/bin/chromium")
INSTALL = (("apt-get", "update"), ("apt-get", "install", "-y", "chromium"))


class NoChromium(Exception):
    """There is no browser to drive. Says what to do."""


def executable() -> str:
    """The path of the browser: CHROMIUM where it is set, else the first of NAMES that exists.

    Raises NoChromium: a test that cannot look at a page has not passed.
    """
    wanted = os.environ.get("CHROMIUM")
    for name in (wanted,) if wanted else NAMES:
        found = shutil.which(name)
        if found:
            return found
    if wanted:
        raise NoChromium(f"CHROMIUM names {wanted}, and there is no such program")
    raise NoChromium(
        "the tests drive a real browser and found none: install Chromium (on Debian and Ubuntu "
        "`apt-get install chromium`), or name a Chrome or Chromium in the variable CHROMIUM"
    )


def install() -> None:
    """Install Chromium from Debian's archive. Raises NoChromium where that cannot be done here."""
    for command in INSTALL:
        done = subprocess.run(command, check=False)
        if done.returncode:
            raise NoChromium(
                f"`{' '.join(command)}` failed with code {done.returncode}; install Chromium by "
                "hand, or name a Chrome or Chromium in the variable CHROMIUM"
            )


def may_install() -> bool:
    """Whether this is a machine on which we may and can: root, on Debian, with apt-get."""
    debian = Path("/etc/debian_version").exists() and shutil.which("apt-get") is not None
    return os.geteuid() == 0 and debian and "CHROMIUM" not in os.environ


def main() -> None:
    """Find a browser or install one; end with a sentence where neither is possible."""
    try:
        executable()
    except NoChromium as error:
        if not may_install():
            raise SystemExit(str(error)) from None
        print("the tests drive a real browser: installing Chromium", file=sys.stderr)
        try:
            install()
            executable()
        except NoChromium as still:
            raise SystemExit(str(still)) from None


if __name__ == "__main__":
    main()
