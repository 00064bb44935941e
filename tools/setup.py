"""Make the environment: .venv from requirements.lock, node_modules from package-lock.json,
the native anvil and the pinned solc inside .venv. Standard library only; run by `make`.

A second run sees that nothing changed and returns at once. Python packages are installed with
`--require-hashes`, npm packages by the integrity hashes of the lock; nothing else is trusted,
except solc's native build, whose checksum py-solc-x compares with the compiler's release list.
"""

from __future__ import annotations

import hashlib
import os
import platform
import re
import shutil
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
BIN = VENV / "bin"
STAMP = VENV / ".setup"
INPUTS = (
    "requirements-build.lock",
    "requirements.lock",
    "package-lock.json",
    "pyproject.toml",
    "tools/setup.py",
)
SOLC_VERSION = "0.8.37"
ANVIL_VERSION = "1.7.1"
ARCHITECTURES = {"x86_64": "amd64", "amd64": "amd64", "aarch64": "arm64", "arm64": "arm64"}

SOLC_WASM = """#!/usr/bin/env node
// solc {version} from npm (wasm), as far as py-solc-x asks for it: --version and --standard-json.
const solc = require({module!r})
if (process.argv.includes('--version')) {{
  console.log('solc, the solidity compiler commandline interface\\nVersion: ' + solc.version())
}} else if (process.argv.includes('--standard-json')) {{
  process.stdout.write(solc.compile(require('fs').readFileSync(0, 'utf8')))
}} else {{
  console.error('this solc answers --version and --standard-json only')
  process.exit(1)
}}
"""

# Puts the environment's solc and anvil where py-solc-x and ape-foundry look, whether .venv is
# activated or its programs are called by path.
PTH = (
    "import os, sys; "
    "b = os.path.join(sys.prefix, 'bin'); p = os.environ.get('PATH', ''); "
    "os.environ.__setitem__('PATH', p if b in p.split(os.pathsep) else b + os.pathsep + p); "
    "os.environ.setdefault('SOLCX_BINARY_PATH', os.path.join(sys.prefix, 'solc'))\n"
)


def stop(message: str) -> None:
    """End with one line on stderr and exit code 1."""
    sys.exit(f"setup: {message}")


def run(*command: str | Path, what: str) -> None:
    """Run a command quietly; print what it said only when it fails."""
    done = subprocess.run([str(c) for c in command], cwd=ROOT, capture_output=True, text=True)
    if done.returncode:
        print(done.stdout[:4000], done.stderr[:4000], sep="\n", file=sys.stderr)
        stop(f"{what} failed (above is what it said)")


def node_version() -> tuple[int, ...]:
    """Version of the Node.js on PATH; ends the set-up when there is none."""
    node = shutil.which("node")
    if not node or not shutil.which("npm"):
        stop("Node.js 20 or newer with npm is needed: install it, for example from nodejs.org")
    said = subprocess.run([str(node), "--version"], capture_output=True, text=True).stdout
    found = tuple(int(n) for n in re.findall(r"\d+", said)[:3])
    if found < (20,):
        stop(f"Node.js 20 or newer is needed, found {said.strip()}: install a newer one")
    return found


def fingerprint() -> str:
    """Hash of everything that decides what is installed, and of where."""
    state = hashlib.sha256(f"{ROOT} {sys.version} {platform.platform()}".encode())
    for name in INPUTS:
        state.update((ROOT / name).read_bytes())
    return state.hexdigest()


def install_python() -> None:
    """.venv with the locked packages, and this package in place (editable)."""
    print("setup: Python packages into .venv (about a minute)", flush=True)
    try:
        venv.create(VENV, with_pip=True, clear=True)
    except (ImportError, subprocess.CalledProcessError):
        stop("Python's venv module is missing: install it, on Debian and Ubuntu as python3-venv")
    pip = (BIN / "python", "-m", "pip", "--disable-pip-version-check", "install", "--quiet")
    hashed = (*pip, "--require-hashes", "--no-deps")
    run(*hashed, "-r", "requirements-build.lock", what="installing the build tools")
    run(*hashed, "--no-build-isolation", "-r", "requirements.lock", what="installing packages")
    run(*pip, "--no-deps", "--no-build-isolation", "-e", ".", what="installing pfpkit")


def install_node() -> None:
    """node_modules as package-lock.json pins it."""
    print("setup: Node.js packages into node_modules", flush=True)
    run("npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts", what="npm ci")


def link_anvil() -> None:
    """The native anvil of this platform into .venv/bin, where ape-foundry looks.

    package-lock.json pins the build for Linux on x86-64; elsewhere npm fetches the same version,
    checked by the integrity hash that its registry states.
    """
    system, machine = platform.system().lower(), platform.machine().lower()
    package = f"@foundry-rs/anvil-{system}-{ARCHITECTURES.get(machine, machine)}"
    program = ROOT / "node_modules" / package / "bin" / "anvil"
    if not program.is_file():
        print(f"setup: {package} {ANVIL_VERSION} (not in package-lock.json)", flush=True)
        wanted = f"{package}@{ANVIL_VERSION}"
        command = ("npm", "install", "--no-save", "--no-package-lock", "--ignore-scripts", wanted)
        run(*command, what=f"installing {wanted}")
    target = BIN / "anvil"
    target.unlink(missing_ok=True)
    target.symlink_to(os.path.relpath(program, BIN))


def install_solc() -> None:
    """solc SOLC_VERSION into .venv/solc: native if it can be fetched, else npm's wasm build."""
    folder = VENV / "solc"
    folder.mkdir()
    (site,) = VENV.glob("lib/python*/site-packages")
    (site / "pfpkit_tools.pth").write_text(PTH)
    code = f"import solcx; solcx.install_solc('{SOLC_VERSION}')"
    try:
        done = subprocess.run(
            [str(BIN / "python"), "-c", code], capture_output=True, text=True, timeout=120
        )
        native = done.returncode == 0
    except subprocess.TimeoutExpired:
        native = False
    if native:
        print(f"setup: solc {SOLC_VERSION}, native build")
        return
    program = folder / f"solc-v{SOLC_VERSION}"
    shutil.rmtree(program, ignore_errors=True)
    module = str(ROOT / "node_modules/solc")
    program.write_text(SOLC_WASM.format(version=SOLC_VERSION, module=module))
    program.chmod(0o755)
    print(f"setup: solc {SOLC_VERSION}, wasm build from npm (the native one could not be fetched)")


def main() -> None:
    if sys.version_info < (3, 11):  # noqa: UP036 - this very file is what tells the user
        found = platform.python_version()
        stop(
            f"Python 3.11 or newer is needed, found {found}: install it, or make PYTHON=python3.12"
        )
    node_version()
    wanted = fingerprint()
    if STAMP.is_file() and STAMP.read_text() == wanted:
        return
    install_python()
    install_node()
    link_anvil()
    install_solc()
    STAMP.write_text(wanted)
    print("setup: done. Activate it with: source .venv/bin/activate")


if __name__ == "__main__":
    main()
