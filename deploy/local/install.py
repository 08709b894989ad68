"""Makes `.venv` and installs the lock into it. Run by make with the machine's own Python: no package is here yet."""

import collections
import hashlib
import subprocess
import sys
from pathlib import Path

VENV = Path(".venv")
LOCK = Path("requirements-dev.lock")
STAMP = VENV / "installed"


def main() -> None:
    """Does nothing but renew the stamp's age when this very lock is installed already."""
    wanted = hashlib.sha256(LOCK.read_bytes()).hexdigest()
    if not (STAMP.exists() and STAMP.read_text() == wanted):
        make_environment()
        install()
    STAMP.write_text(wanted)


def make_environment() -> None:
    """The virtual environment, with pip in it. Exits with one sentence if that fails."""
    print("Making .venv", flush=True)
    made = subprocess.run([sys.executable, "-m", "venv", VENV], capture_output=True, text=True, check=False)
    if made.returncode:
        said = " ".join((made.stdout + made.stderr).split())
        if "ensurepip" in said:
            sys.exit("This Python lacks its venv module (on Debian and Ubuntu: apt-get install python3-venv).")
        sys.exit(f"The virtual environment cannot be made: {said[-300:]}")


def install() -> None:
    """Every package of the lock, checked against its hash. Exits with one sentence if that fails."""
    count = sum(line[:1].isalnum() for line in LOCK.read_text().splitlines())
    print(f"Installing {count} packages (once, about a minute)", flush=True)
    command: list[str | Path] = [
        VENV / "bin" / "python",
        "-m",
        "pip",
        "install",
        "--disable-pip-version-check",
        "--no-input",
    ]
    command += ["--require-hashes", "--only-binary", ":all:", "--no-deps", "-r", LOCK]
    seen = 0
    last: collections.deque[str] = collections.deque(maxlen=50)
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as pip:
        assert pip.stdout is not None
        for line in pip.stdout:
            last.append(line.strip())
            if line.startswith(("Collecting ", "Requirement already satisfied: ")):
                seen += 1
                show_progress(seen, count, line.split("==")[0].split()[-1])
            elif line.startswith("Installing collected"):
                show_progress(count, count, "unpacking")
    if sys.stdout.isatty():
        print()
    if pip.returncode:
        errors = [line for line in last if line.startswith("ERROR")] or list(last)[-1:]
        sys.exit(f"The packages could not be installed (is this machine online?): {' '.join(errors)[-400:]}")


def show_progress(done: int, of: int, name: str) -> None:
    """One line that changes in a terminal; elsewhere a line now and then."""
    if sys.stdout.isatty():
        print(f"\r  {done}/{of} {name:<40.40}", end="", flush=True)
    elif done % 20 == 0 or done == of:
        print(f"  {done}/{of} {name}", flush=True)


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit("Interrupted: run it again to go on.")
    except OSError as error:
        sys.exit(f"The virtual environment cannot be made: {error}.")
