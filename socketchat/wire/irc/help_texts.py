"""The texts of HELP, by subject."""

from __future__ import annotations

TEXTS: dict[str, str] = {
    "index": """
        This is a socketchat server. Rooms, users and history are the same for all clients.
        #lobby is the room where everyone is: JOIN #lobby to hear it.
        A name without an account is a guest's. REGISTER * * PASSWORD makes the name yours.
        With an account, log in by SASL PLAIN, or PASS NAME:PASSWORD.
        HELP has these subjects: AWAY INVITE JOIN KICK LIST MODE NICK PART PRIVMSG REGISTER TOPIC WHO WHOIS""",
    "away": """
        AWAY :REASON
        Say that you are away. Without a reason: say that you are back.""",
    "invite": """
        INVITE NAME #ROOM
        Invite a user to a room.""",
    "join": """
        JOIN #ROOM[,#ROOM...] [KEY[,KEY...]]
        Join rooms. A room that does not exist is made, and is yours.""",
    "kick": """
        KICK #ROOM NAME [:REASON]
        Remove a user from a room.""",
    "list": """
        LIST [MASK]
        List the rooms. MASK can have * and ?; >N and <N ask for rooms with more or fewer users.""",
    "mode": """
        MODE #ROOM [+-MODES] [PARAMETERS]
        Show or change a room's modes: b ban, e exception, I invite exception, k key, l limit, i invite only,
        m moderated, n no messages from outside, s secret, t topic by operators, o operator, v voice.""",
    "nick": """
        NICK NAME
        Take another name. Letters and digits of one script, - _ and ., at most 20.""",
    "part": """
        PART #ROOM [:REASON]
        Leave a room.""",
    "privmsg": """
        PRIVMSG TARGET :TEXT
        Say something in a room (#ROOM) or to a user (NAME). The echo comes when it is on disk.""",
    "register": """
        REGISTER * * PASSWORD
        Register your name. If the server needs a join code, give it as PASS first, over TLS.""",
    "topic": """
        TOPIC #ROOM [:TEXT]
        Show or set the topic of a room.""",
    "who": """
        WHO #ROOM or WHO MASK
        List users.""",
    "whois": """
        WHOIS NAME
        Tell who a user is.""",
}


def help_lines(subject: str) -> list[str] | None:
    """Return the lines about a subject, or None if there are none."""
    text = TEXTS.get(subject.lower())
    return [line.strip() for line in text.strip().split("\n")] if text is not None else None
