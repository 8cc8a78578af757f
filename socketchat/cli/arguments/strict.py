"""Commands that refuse empty words: an unset variable of a script must not become a default."""

from __future__ import annotations

import click


class Command(click.Command):
    """A command that refuses empty options and arguments."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Refuse empty words, then parse as usual."""
        refuse_empty(self, ctx, args)
        return super().parse_args(ctx, args)


class Group(click.Group):
    """A group of such commands."""

    command_class = Command
    group_class = type

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Refuse empty words, then parse as usual."""
        refuse_empty(self, ctx, args)
        return super().parse_args(ctx, args)


def refuse_empty(command: click.Command, ctx: click.Context, args: list[str]) -> None:
    """Raise UsageError if a value is empty or blank; the command itself checks arguments that take many words."""
    values, _, parameters = command.make_parser(ctx).parse_args(list(args))
    for parameter in parameters:
        value = values.get(parameter.name or "")
        many = isinstance(parameter, click.Argument) and parameter.nargs != 1
        if not many and any(isinstance(each, str) and not each.strip() for each in _each(value)):
            remedy = "Give a value." if parameter.required else "Give a value, or leave it out."
            raise click.BadParameter(f"It is empty. {remedy}", ctx, parameter)


def _each(value: object) -> tuple[object, ...]:
    return tuple(value) if isinstance(value, list | tuple) else (value,)
