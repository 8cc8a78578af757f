"""The examples in the help topic, run as a user would copy them."""

import asyncio
import re
import shutil
from pathlib import Path

import pytest

from tests.server.house import House, run
from tests.server.http.test_posting import bot, heard

HELP = Path(__file__).parents[3] / "socketchat" / "help" / "http.md"
EXAMPLES = re.findall(r"^```sh\n(.*?)^```", HELP.read_text(), re.MULTILINE | re.DOTALL)


@pytest.mark.skipif(not shutil.which("curl"), reason="curl is not installed")
def test_every_curl_example_of_the_help_works_under_set_e(tmp_path: Path) -> None:
    assert len(EXAMPLES) >= 4

    async def scene(house: House) -> None:
        alice = await house.native("alice")
        hub = house.server.hub
        await alice.write(b'{"type":"join","room":"#ops","id":7}\n')
        await alice.barrier()
        token = await bot(tmp_path, rooms=["#ops"], read=True, write=True)
        hook = await bot(tmp_path, "hook", rooms=["#ops"], hook=True)
        where = {"SERVER": f"http://127.0.0.1:{house.port}", "TOKEN": token, "HOOK": hook, "PATH": "/usr/bin:/bin"}
        shell = await asyncio.create_subprocess_exec(
            "/bin/sh", "-e", "-c", "\n".join(EXAMPLES), env=where, stdout=-1, stderr=-1
        )
        told, complaint = await shell.communicate()
        assert shell.returncode == 0, (told, complaint)
        assert b'"place":"#ops/' in told
        assert hub.directory.rooms["#ops"].head >= 4
        await heard(alice, "hello")

    run("asyncio", scene, directory=tmp_path)
