"""Which scripts the characters of names belong to.

Made by tests/protocol/make_unicode_tables.py from Unicode 17.0; do not edit. Each entry,
up to a semicolon, has scripts and their code points; "Any" goes with every script.
Copyright © 1991-2025 Unicode, Inc. Distributed under the Unicode Licence, https://www.unicode.org/license.txt.
"""

VERSION = "17.0"

SCRIPTS = """
Any 30-39 300-333 339-34e 350-36f 483-487 1ab0-1abd 1abf-1ace 1dc0-1dff 20d0-20d1 20d4-20d7 20db-20dc 20e1 20e7-20e9
20ec-20f0 2de0-2dff 3099-309a a66f a674-a67d a69e-a69f a8e0-a8f1 fe20-fe2f ff10-ff19 10376-1037a 1133b 11366-1136c
11370-11374 1d242-1d244 1e000-1e006 1e008-1e018 1e01b-1e021 1e023-1e024 1e026-1e02a; Arab 610-61a 620-63f 641-669
66e-674 679-6d3 6d5-6dc 6df-6e8 6ea-6fc 6ff 750-77f 870-887 889-88f 898-8e1 8e3-8ff fe73 10ec2-10ec4 10ec6-10ec7; Armn
531-556 559 560-586 588; Beng 980-983 985-98c 98f-990 993-9a8 9aa-9b0 9b2 9b6-9b9 9bc-9c4 9c7-9c8 9cb-9ce 9d7 9dc-9dd
9df-9e3 9e6-9f1 9fc 9fe; Beng+Deva+Gujr+Guru+Knda+Latn+Mlym+Orya+Taml+Telu 951-952; Bopo 3105-312f 31a0-31bf; Bopo+Hani
302a-302d; Cyrl 400-481 48a-52f 1c80-1c88 1d2b a640-a66e a67f-a69b; Deva 900-950 953-963 966-96f 971-97f a8f2-a8f7 a8fb
a8fd-a8ff; Ethi 1200-1248 124a-124d 1250-1256 1258 125a-125d 1260-1288 128a-128d 1290-12b0 12b2-12b5 12b8-12be 12c0
12c2-12c5 12c8-12d6 12d8-1310 1312-1315 1318-135a 135d-135f 1380-138f 2d80-2d96 2da0-2da6 2da8-2dae 2db0-2db6 2db8-2dbe
2dc0-2dc6 2dc8-2dce 2dd0-2dd6 2dd8-2dde ab01-ab06 ab09-ab0e ab11-ab16 ab20-ab26 ab28-ab2e 1e7e0-1e7e6 1e7e8-1e7eb
1e7ed-1e7ee 1e7f0-1e7fe; Geor 10a0-10c5 10c7 10cd 10d0-10fa 10fd-10ff 1c90-1cba 1cbd-1cbf 2d00-2d25 2d27 2d2d; Grek
370-374 376-377 37b-37d 37f 386 388-38a 38c 38e-3a1 3a3-3cf 3d3-3d4 3d7-3e1 3f3 3f7-3f8 3fa-3ff 1d26-1d2a 1f00-1f15
1f18-1f1d 1f20-1f45 1f48-1f4d 1f50-1f57 1f59 1f5b 1f5d 1f5f-1f7d 1f80-1fb4 1fb6-1fbc 1fbe 1fc2-1fc4 1fc6-1fcc 1fd0-1fd3
1fd6-1fdb 1fe0-1fec 1ff2-1ff4 1ff6-1ffc ab65; Gujr a81-a83 a85-a8d a8f-a91 a93-aa8 aaa-ab0 ab2-ab3 ab5-ab9 abc-ac5
ac7-ac9 acb-acd ad0 ae0-ae3 ae6-aef af9-aff; Guru a01-a03 a05-a0a a0f-a10 a13-a28 a2a-a30 a32-a33 a35-a36 a38-a39 a3c
a3e-a42 a47-a48 a4b-a4d a51 a59-a5c a5e a66-a75; Hang 1100-115e 1161-11ff 302e-302f a960-a97c ac00-d7a3 d7b0-d7c6
d7cb-d7fb ffa1-ffbe ffc2-ffc7 ffca-ffcf ffd2-ffd7 ffda-ffdc; Hani 3005-3006 3400-4dbf 4e00-9fff f900-fa6d fa70-fad9
20000-2a6df 2a700-2b81d 2b820-2cead 2ceb0-2ebe0 2ebf0-2ee5d 2f800-2fa1d 30000-3134a 31350-33479; Hebr 591-5bd 5bf
5c1-5c2 5c4-5c5 5c7 5d0-5ea 5ef-5f2 fb1d-fb1f fb2a-fb36 fb38-fb3c fb3e fb40-fb41 fb43-fb44 fb46-fb4e; Hira 3041-3096
309d-309e 1b001 1b11f 1b132 1b150-1b152; Hira+Kana 30fc ff70 ff9e-ff9f; Kana 30a1-30fa 30fd-30fe 31f0-31ff ff66-ff6f
ff71-ff9d 1aff0-1aff3 1aff5-1affb 1affd-1affe 1b000 1b120-1b122 1b155 1b164-1b167; Khmr 1780-17b3 17b6-17d3 17d7
17dc-17dd 17e0-17e9; Knda c80-c83 c85-c8c c8e-c90 c92-ca8 caa-cb3 cb5-cb9 cbc-cc4 cc6-cc8 cca-ccd cd5-cd6 cdc-cde
ce0-ce3 ce6-cef cf1-cf2; Laoo e81-e82 e84 e86-e8a e8c-ea3 ea5 ea7-ebd ec0-ec4 ec6 ec8-ecd ed0-ed9 ede-edf; Latn 41-5a
61-7a c0-d6 d8-f6 f8-131 134-13e 141-148 14a-17e 180-1bf 1cd-1f0 1f4-250 252-260 262-2af 1d00-1d25 1d6b-1d77 1d79-1d9a
1e00-1e99 1e9b-1eff 2184 2c60-2c7b 2c7e-2c7f a722-a76f a771-a787 a78b-a7ca a7d0-a7d1 a7d3 a7d5-a7d9 a7f5-a7f7 a7fa-a7ff
ab30-ab5a ab60-ab64 ab66-ab68 ff21-ff3a ff41-ff5a 1df00-1df1e; Mlym d00-d0c d0e-d10 d12-d44 d46-d48 d4a-d4e d54-d57
d5f-d63 d66-d6f d7a-d7f; Mymr 1000-1049 1050-109d a9e0-a9fe aa60-aa76 aa7a-aa7f; Orya b01-b03 b05-b0c b0f-b10 b13-b28
b2a-b30 b32-b33 b35-b39 b3c-b44 b47-b48 b4b-b4d b55-b57 b5c-b5d b5f-b63 b66-b6f b71; Sinh d81-d83 d85-d96 d9a-db1
db3-dbb dbd dc0-dc6 dca dcf-dd4 dd6 dd8-ddf de6-def df2-df3; Taml b82-b83 b85-b8a b8e-b90 b92-b95 b99-b9a b9c b9e-b9f
ba3-ba4 ba8-baa bae-bb9 bbe-bc2 bc6-bc8 bca-bcd bd0 bd7 be6-bef; Telu c00-c0c c0e-c10 c12-c28 c2a-c39 c3c-c44 c46-c48
c4a-c4d c55-c56 c58-c5a c5c-c5d c60-c63 c66-c6f; Thaa 780-7b1; Thai e01-e3a e40-e4e e50-e59; Tibt f00 f18-f19 f20-f29
f35 f37 f39 f3e-f47 f49-f6c f71-f76 f78 f7a-f84 f86-f97 f99-fbc fc6
"""
