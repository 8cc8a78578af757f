"""Options, invites and checks that subcommands share."""
