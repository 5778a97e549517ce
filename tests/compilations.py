"""What XLA compiles."""

import contextlib

import jax


@contextlib.contextmanager
def compilations():
    """The names of what XLA compiles meanwhile."""
    names = []

    def listen(event, _seconds, *, fun_name="", **_):
        if event == "/jax/core/compile/backend_compile_duration":
            names.append(fun_name)

    jax.monitoring.register_event_duration_secs_listener(listen)
    try:
        yield names
    finally:
        jax.monitoring.unregister_event_duration_listener(listen)
