"""Texts that attack terminals, layouts and other people's lines, and what must be left of them: nothing dangerous."""

from unicodedata import category

ESC, BEL, ST = "\x1b", "\x07", "\x1b\\"
CSI, OSC, DCS, APC = "\x1b[", "\x1b]", "\x1bP", "\x1b_"

CORPUS = {
    # cursor, screen and modes
    "clear the screen": f"{CSI}2J{CSI}H",
    "clear the scrollback": f"{CSI}3J",
    "cursor up over an older line": f"{CSI}10A\rfake: line",
    "cursor to an absolute place": f"{CSI}1;1H",
    "erase the line": f"{CSI}2K",
    "delete lines": f"{CSI}99M",
    "scroll region": f"{CSI}1;1r",
    "alternate screen": f"{CSI}?1049h",
    "mouse reports": f"{CSI}?1000h{CSI}?1006h",
    "focus reports": f"{CSI}?1004h",
    "bracketed paste off": f"{CSI}?2004l",
    "hide the cursor": f"{CSI}?25l",
    "application keypad": f"{ESC}=",
    "full reset": f"{ESC}c",
    "soft reset": f"{CSI}!p",
    "screen alignment": f"{ESC}#8",
    "line drawing characters": f"{ESC}(0lqqk{ESC}(B",
    "shift out": "\x0eabc\x0f",
    "insert mode": f"{CSI}4h",
    "origin mode": f"{CSI}?6h",
    "no wrap": f"{CSI}?7l",
    "save and restore the cursor": f"{ESC}7{ESC}8",
    "repeat a character": f"x{CSI}2147483647b",
    "huge parameter": f"{CSI}{'9' * 400}C",
    "many parameters": f"{CSI}{'1;' * 400}m",
    "intermediate bytes": f"{CSI}{' ' * 50}q",
    "invisible text": f"{CSI}8mhidden{CSI}0m",
    "colors left on": f"{CSI}31;5;7m",
    "window operation: minimise": f"{CSI}2t",
    "window operation: resize": f"{CSI}8;9999;9999t",
    # what makes the terminal type into the shell
    "report the title": f"{OSC}2;rm -rf ~{BEL}{CSI}21t",
    "device attributes": f"{CSI}c",
    "cursor report": f"{CSI}6n",
    "answerback": "\x05",
    "request a setting (DECRQSS)": f"{DCS}$q\nid\n{ST}",
    "request a capability (XTGETTCAP)": f"{DCS}+q544e{ST}",
    "checksum (DECRQCRA)": f"{CSI}1;1;1;1;1;1*y",
    "font query, CVE-2022-45063": f"{OSC}50;?\n{BEL}",
    "palette query": f"{OSC}4;0;?{BEL}",
    "background query": f"{OSC}11;?{ST}",
    "kitty color control, CVE-2026-95832": f"{OSC}21;\nid\n=?{ST}",
    "media copy": f"{CSI}5i secret {CSI}4i",
    "program a key": f"{DCS}0;1|17/{'726d'}{ST}",
    "rxvt graphics query, CVE-2021-33477": f"{ESC}GQ",
    "macro": f"{DCS}0;0;0!z41{ST}{CSI}0*z",
    # operating system commands
    "title": f"{OSC}0;pwned{BEL}",
    "icon": f"{OSC}1;pwned{ST}",
    "palette": f"{OSC}4;1;rgb:00/00/00{BEL}",
    "directory": f"{OSC}7;file:///etc{ST}",
    "hyperlink": f"{OSC}8;;file:///etc/passwd{ST}click{OSC}8;;{ST}",
    "notification": f"{OSC}9;pwned{BEL}",
    "ConEmu macro": f'{OSC}9;6;Shell("calc"){BEL}',
    "clipboard write": f"{OSC}52;c;cm0gLXJmIH4K{BEL}",
    "clipboard read": f"{OSC}52;c;?{ST}",
    "urxvt notification": f"{OSC}777;notify;a;b{BEL}",
    "iTerm2 file": f"{OSC}1337;File=name=eA==;inline=1:AAAA{BEL}",
    "iTerm2 steals the focus": f"{OSC}1337;StealFocus{BEL}",
    "kitty notification": f"{OSC}99;i=1:d=0;x{ST}",
    "command marks": f"{OSC}133;C{BEL}",
    "OSC without an end": f"{OSC}0;",
    "nested OSC": f"{OSC}0;{OSC}52;c;eA=={BEL}{BEL}",
    # device control, application commands
    "sixel": f'{DCS}q"1;1;9999;9999#0!9999~{ST}',
    "ReGIS": f"{DCS}pS(E){ST}",
    "kitty graphics": f"{APC}Gf=100,t=f;L2V0Yy9wYXNzd2Q={ST}",
    "tmux passthrough": f"{DCS}tmux;{ESC}{OSC}52;c;eA=={BEL}{ST}",
    "screen title": f"{ESC}kpwned{ST}",
    "privacy message": f"{ESC}^x{ST}",
    "start of string": f"{ESC}Xx{ST}",
    # the same in eight bits
    "C1 CSI": "\x9b2J",
    "C1 OSC": "\x9d0;pwned\x9c",
    "C1 DCS": "\x90$qm\x9c",
    "C1 next line": "a\x85fake: b",
    "C1 reverse index": "\x8d\x8d\x8dfake",
    "C1 single shift": "\x8e\x8f",
    # single controls
    "every C0": "".join(map(chr, range(0x20))),
    "DEL": "abc\x7f\x7f\x7f",
    "every C1": "".join(map(chr, range(0x80, 0xA0))),
    "backspaces": "real\b\b\b\bfake",
    "carriage return over the author": "hi\rbob: I quit",
    "another speaker's line": "hi\r\nbob: I quit",
    "an IRC command": "hi\r\n:srv NOTICE x :pwn\0",
    "bells": BEL * 1000,
    "vertical tab and form feed": "a\vb\fc",
    "NUL": "a\0b",
    # Unicode
    "bidi override": "bob\u202e 12:00 <admin>",
    "bidi embedding": "\u202aa\u202bb\u202c",
    "bidi isolates, CVE-2021-42574": "\u2066a\u2067b\u2068c\u2069",
    "bidi marks": "a\u200eb\u200fc\u061cd",
    "tag characters": "".join(chr(0xE0000 + ord(character)) for character in "ignore all rules"),
    "line and paragraph separator": "a\u2028bob: b\u2029c",
    "zero width space": "al\u200bice",
    "word joiner and byte order mark": "a\u2060b\ufeffc",
    "soft hyphen": "al\xadice",
    "interlinear annotation": "\ufff9a\ufffab\ufffb",
    "deprecated format characters": "\u206a\u206b\u206c\u206d\u206e\u206f",
    "musical format characters": "\U0001d173\U0001d17a",
    "flood of marks, CVE-2021-27135": "a" + "\u0301" * 10_000,
    "flood of enclosing marks": "a" + "\u20dd" * 1000,
    "flood of joiners": "a" + "\u200d" * 1000,
    "flood of variation selectors": "a" + "\ufe0f" * 1000,
    "smuggled variation selectors": "a" + "".join(map(chr, range(0xE0100, 0xE01F0))),
    "widest character": "\ufdfd" * 100,
    # markup of the libraries that draw
    "markup": "[bold red]x[/bold red][link=file:///etc/passwd]y[/link]",
    "unbalanced markup": "[/nothing]",
    "markup action": "[@click=app.quit]z[/]",
    "emoji code": ":skull:",
    "formatted text tags": "<ansired>x</ansired>&amp;",
    "format string": "%s%n {0.__class__} ${HOME} `id`",
}


def dangerous(text: str) -> set[str]:
    """Return the characters of a text that a terminal obeys or that hide or reorder other text."""
    return {
        character
        for character in text
        if character not in "\n\t\u200c\u200d" and category(character) in {"Cc", "Cf", "Cs", "Zl", "Zp"}
    }
