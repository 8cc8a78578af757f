"""The commands of IRC: one table from the verb to its handler."""

from ....hub import Cost
from ..line import Verb
from . import channels, messages, queries, registration

VERBS = {
    "CAP": Verb(registration.cap, before_login=True),
    "JOIN": Verb(channels.join, 1),
    "LUSERS": Verb(queries.lusers),
    "MOTD": Verb(queries.motd),
    "NAMES": Verb(channels.names, cost=Cost.MUCH_READING),
    "NICK": Verb(registration.nick, before_login=True),
    "NOTICE": Verb(messages.say),
    "PART": Verb(channels.part, 1),
    "PASS": Verb(registration.password, 1, before_login=True),
    "PING": Verb(queries.ping, before_login=True),
    "PONG": Verb(queries.pong, before_login=True),
    "PRIVMSG": Verb(messages.say),
    "QUIT": Verb(registration.quit_chat, before_login=True),
    "TOPIC": Verb(channels.topic, 1),
    "USER": Verb(registration.user, 4, before_login=True),
}
