"""The commands of IRC: one table from the verb to its handler."""

from ....hub import Cost
from ..line import Verb
from . import authentication, channels, messages, monitor, operators, queries, registration, status, who, whois

VERBS = {
    "ADMIN": Verb(queries.admin),
    "AUTHENTICATE": Verb(authentication.authenticate, 1, before_login=True),
    "AWAY": Verb(status.away, before_login=True),
    "CAP": Verb(registration.cap, before_login=True),
    "HELP": Verb(queries.help_on),
    "HELPOP": Verb(queries.help_on),
    "INFO": Verb(queries.info),
    "ISON": Verb(queries.ison, 1),
    "JOIN": Verb(channels.join, 1),
    "KILL": Verb(operators.kill, 2),
    "LINKS": Verb(queries.links),
    "LUSERS": Verb(queries.lusers),
    "MONITOR": Verb(monitor.monitor, 1, before_login=True),
    "MOTD": Verb(queries.motd),
    "NAMES": Verb(channels.names, cost=Cost.MUCH_READING),
    "NICK": Verb(registration.nick, before_login=True),
    "NOTICE": Verb(messages.say),
    "OPER": Verb(operators.oper, 2),
    "PART": Verb(channels.part, 1),
    "PASS": Verb(registration.password, 1, before_login=True),
    "PING": Verb(queries.ping, before_login=True),
    "PONG": Verb(queries.pong, before_login=True),
    "PRIVMSG": Verb(messages.say),
    "QUIT": Verb(registration.quit_chat, before_login=True),
    "REGISTER": Verb(authentication.register, 3, before_login=True),
    "SETNAME": Verb(status.setname, 1),
    "TIME": Verb(queries.time),
    "TOPIC": Verb(channels.topic, 1),
    "USER": Verb(registration.user, 4, before_login=True),
    "USERHOST": Verb(queries.userhost, 1),
    "VERSION": Verb(queries.version),
    "WALLOPS": Verb(operators.wallops, 1),
    "WHO": Verb(who.who, cost=Cost.MUCH_READING),
    "WHOIS": Verb(whois.whois),
    "WHOWAS": Verb(whois.whowas),
}
