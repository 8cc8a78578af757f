"""Settings for the whole suite: hypothesis repeats itself and is short, unless SOCKETCHAT_LONG is set."""

import os

from hypothesis import settings

# No deadline: a busy machine is no failure. No database: what fails here fails the same way everywhere.
settings.register_profile("short", max_examples=80, derandomize=True, deadline=None, database=None)
settings.register_profile("long", max_examples=5000, deadline=None, database=None)
settings.load_profile("long" if os.environ.get("SOCKETCHAT_LONG") else "short")
