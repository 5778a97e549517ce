"""Execute chapters side by side, and again whenever anything has changed that they could show.

myst-nb's cache finds a stored execution by the notebook's code alone. Here the cache's *path* also
holds a hash of all else that an output depends on, so that editing the package, the lock or the
Python version makes a new cache; and as the path is part of Sphinx's configuration, every page
is then read again. Nothing is ever served from the wrong cache, so no page can be stale.
"""

import hashlib
import itertools
import os
import platform
import shutil
import sys
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import distributions
from pathlib import Path
from typing import Any

import nbformat
from jupyter_cache import get_cache
from jupyter_cache.base import CacheBundleIn
from jupyter_cache.executors.utils import ExecutionResult, single_nb_execution
from jupyter_core.utils import ensure_event_loop
from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.environment import BuildEnvironment
from sphinx.errors import ExtensionError
from sphinx.util import logging

KEEP = 3  # caches: this one and those of the states one switches between
LOGGER = logging.getLogger(__name__)
_PREFIXES = ("AELIB_", "JAX_", "XLA_", "CUDA_VISIBLE")


def fingerprint(root: Path) -> str:
    """Hash of everything besides a notebook's own code that can change its outputs.

    Args:
        root: repository root.

    Returns:
        Sixteen hexadecimal digits: of the package with its data, what lies beside the notebooks,
        the lock, what is installed, Python, the platform and JAX's environment variables.
    """
    digest = hashlib.sha256()
    for path in _inputs(root):
        digest.update(path.relative_to(root).as_posix().encode() + b"\0")
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    installed = sorted({f"{d.metadata['Name']}=={d.version}" for d in distributions()})
    settings = sorted(f"{k}={v}" for k, v in os.environ.items() if k.startswith(_PREFIXES))
    machine = [platform.machine(), sys.platform, platform.python_implementation()]
    digest.update("\n".join([*installed, *settings, *machine, sys.version]).encode())
    return digest.hexdigest()[:16]


def _inputs(root: Path) -> list[Path]:
    package = (p for p in (root / "aelib").rglob("*") if "__pycache__" not in p.parts)
    book = (p for p in (root / "book").rglob("*") if p.suffix not in _OWN)
    beside = (p for p in book if not _PAGES & set(p.parts))
    lock = root / "requirements.lock"
    return sorted(p for p in (*package, *beside, lock) if p.is_file())


_OWN = {".ipynb", ".md"}  # read by Sphinx and myst-nb themselves
# What pages are drawn with and no notebook's numbers depend on.
_PAGES = {"_ext", "_static", "_templates", "api", "__pycache__", "claims.yml", "old_edition.txt"}


def set_cache_path(app: Sphinx, config: Config) -> None:
    """Put the hash into the cache's path, and remove caches nobody has used for long."""
    caches = Path(app.srcdir) / "_build" / ".jupyter_cache"
    current = caches / fingerprint(Path(app.srcdir))
    current.mkdir(parents=True, exist_ok=True)
    os.utime(current)
    others = [p for p in caches.iterdir() if p.is_dir() and p != current]
    others.sort(key=lambda path: path.stat().st_mtime, reverse=True)
    for path in others[KEEP - 1 :]:
        shutil.rmtree(path, ignore_errors=True)
    config.nb_execution_cache_path = str(current)
    digest = hashlib.sha256()
    for path in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(path.read_bytes())
    config.book_extensions = digest.hexdigest()


def execute_pending(app: Sphinx, env: BuildEnvironment, docnames: list[str]) -> None:
    """Execute the notebooks that Sphinx is about to read and that no cache holds yet.

    Raises:
        ExtensionError: if a notebook fails, with the traceback of each that did.
    """
    options: Any = env.mystnb_config  # type: ignore[attr-defined]  # set by myst-nb
    if options.execution_mode != "cache":
        return
    cache = get_cache(options.execution_cache_path)
    pending: dict[Path, nbformat.NotebookNode] = {}
    for path in (Path(env.doc2path(docname)) for docname in docnames):
        if path.suffix == ".ipynb":
            notebook = nbformat.read(path, as_version=4)
            try:
                cache.match_cache_notebook(notebook)
            except KeyError:
                pending[path] = notebook
    if not pending:
        return

    def execute(path: Path) -> ExecutionResult:
        try:
            return single_nb_execution(
                pending[path],
                cwd=str(path.parent),
                timeout=options.execution_timeout,
                allow_errors=False,
                extra_arguments=["--log-level=ERROR"],  # kernels note that they talk over TCP
            )
        finally:
            ensure_event_loop().close()  # each thread has its own, and nobody else closes it

    LOGGER.info("executing %d notebooks, %d at a time", len(pending), _workers())
    failures = []
    numbers = itertools.count()
    with ThreadPoolExecutor(_workers(), initializer=lambda: _settle(next(numbers))) as pool:
        for path, result in zip(pending, pool.map(execute, pending), strict=True):
            if result.err is not None:
                failures.append(f"{path}\n{result.exc_string}")
                continue
            LOGGER.info("executed %s in %.1f s", path.name, result.time)
            bundle = CacheBundleIn(result.nb, str(path), data={"execution_seconds": result.time})
            cache.cache_notebook_bundle(bundle, check_validity=False, overwrite=True)
    if failures:
        raise ExtensionError("execution failed\n\n" + "\n\n".join(failures))


def _workers() -> int:
    return max(1, int(os.environ.get("BOOK_WORKERS", min(os.cpu_count() or 1, 4))))


def _settle(number: int) -> None:
    """Keep a thread, and the kernels it starts, to cores of its own.

    XLA splits every operation over all cores it is given. Where another kernel has work for these
    cores, that only costs: a fifth of all processor time.
    """
    if hasattr(os, "sched_setaffinity"):  # of a thread on Linux; elsewhere there is no such thing
        own = sorted(os.sched_getaffinity(0))[number :: _workers()]
        if own:
            os.sched_setaffinity(0, own)


def forget_failed_build(app: Sphinx, exception: Exception | None) -> None:
    """After errors or warnings, read all pages again next time.

    Sphinx warns when it reads a page and then remembers the page, not the warning: without this
    a build that failed on a warning would pass when it is simply repeated.
    """
    if exception is not None or app._warncount:
        shutil.rmtree(app.doctreedir, ignore_errors=True)


def setup(app: Sphinx) -> dict[str, Any]:
    """Connect to the build: before configuration is compared, before reading, at the end."""
    # Pages are read again, but not executed, when what draws them has changed.
    app.add_config_value("book_extensions", "", "env")
    app.connect("config-inited", set_cache_path, priority=900)
    app.connect("env-before-read-docs", execute_pending)
    app.connect("build-finished", forget_failed_build, priority=900)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
