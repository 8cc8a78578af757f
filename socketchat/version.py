"""The version, in its own module because the package itself names the whole client; and what Python it runs on."""

__version__ = "0.1.0"

_DISTRIBUTIONS = "/usr"
"""The prefix of distributions' interpreters, whose builds are optimised although their settings do not say so."""


def interpreter() -> str:
    """Describe the interpreter: its version, and whether it was built with profile-guided optimisation (PGO).

    Messages cost about a tenth more without PGO.
    """
    import platform
    import sys
    import sysconfig

    optimised = "--enable-optimizations" in (sysconfig.get_config_var("CONFIG_ARGS") or "")
    kind = "with" if optimised or sys.base_prefix == _DISTRIBUTIONS else "without"
    return f"{platform.python_implementation()} {platform.python_version()}, {kind} PGO"
