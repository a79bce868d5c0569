"""
Records and events, made small for keeping: raw deflate with a dictionary that comes with each definition.

A case's texts repeat what its definition and the engine call things; told these words beforehand, deflate makes a
thousand bytes of JSON some three hundred. The words are kept with the definition, which never changes and outlives its
cases (I29), so what was packed can always be unpacked. Hashes cover the text, not what it is packed into.
"""

from __future__ import annotations

import re
import zlib

#: What JSON of the engine looks like. It is stored with each definition, so it may be bettered for later ones.
_PHRASES = (
    '["links","",{"k":"objection","q":"","w":""}],["notices","",{"n":,"over":"2026-","places":{"square":{"at":"2026-,'
    '"proof":"}}}],["tasks","",{"n":1,"s":,"st":"open"}],["answers","#1/",{"a":"pass","p":""}],["times","'
    '["papers","",{"d":"","f":".pdf","s":}],["facts","",{"s":1,"v":{"x":"AT"}}],["facts","",{"s":2,"v":true}],'
    '{"acts":{"opens":[""]},"asks":{"case":{"channel":"","division":"","entry":,"next":,"number":"'
    '{"b":{"channel":"","to":""},"c":[["case","number","-2026-000"],["case","workflow",""],["case","version",""],'
    '["case","subject",""],["case","division",""],["case","opened","2026-"],["case","status","open"],'
    '["case","members",["1","2"]],["case","opener",""],["clocks","",null],["timers","",null],["asks","",null],'
    '{"b":{"action":"pass","ask":"","answer":"","result":"","from":"","means":"pass","present":,"to":"","votes":{"":'
    '["acts","",[""]],["items","",null],["case","entry",],["case","stage",""],["visits","",{"from":"","n":}],'
    '["asks","",{"e":{"":1},"n":,"r":true,"s":}],["case","next",],["items","",{"d":"","p":"","q":""}],'
    '["clocks","",{"at":"2026-0T0:00:00Z","c":"","cal":"","cause":".ready","day":"2026-","due":"2026-T16:00:00Z",'
    '"for":"7 workday","k":"wait","n":,"prov":true,"protects":"citizen","roll":false}],'
    '["timers","",{"at":"2026-0T01:00:00Z","c":"","k":"remind","r":0}]]}'
)
_NAME = re.compile(r'"([a-z][a-z0-9_]*(?:\.[a-z][a-z0-9_]*)?)"')
#: Words further back than the window cannot be referred to; a quarter of it is left for the text itself.
_WINDOW_BITS = 13
_MOST = 3 << _WINDOW_BITS - 2
_PACKED = 1


def words(canonical: str) -> bytes:
    """The dictionary of a definition, given as canonical JSON: its names, then the engine's phrases."""
    names = dict.fromkeys(name for name in _NAME.findall(canonical) if len(name) > 3)
    return f"{' '.join(names)[: _MOST - len(_PHRASES)]}{_PHRASES}".encode()


class Packer:
    """
    Packs and unpacks texts of one definition. Safe for several threads.

    Args:
        dictionary: The definition's words; empty: texts are kept as they are.
    """

    def __init__(self, dictionary: bytes) -> None:
        self._plain = not dictionary
        # Set up once; a copy of a small window costs less than a new one.
        self._packing = zlib.compressobj(4, zlib.DEFLATED, -_WINDOW_BITS, 6, zlib.Z_DEFAULT_STRATEGY, dictionary)
        self._unpacking = zlib.decompressobj(-_WINDOW_BITS, dictionary)

    def pack(self, text: str) -> bytes:
        if self._plain:
            return text.encode()
        packing = self._packing.copy()
        return bytes((_PACKED,)) + packing.compress(text.encode()) + packing.flush()

    def unpack(self, kept: bytes) -> str:
        """
        The text that was packed.

        Raises:
            ValueError: The bytes were changed.
        """
        if kept[0] != _PACKED:
            return kept.decode()
        try:
            return self._unpacking.copy().decompress(kept[1:]).decode()
        except zlib.error as error:
            raise ValueError("packed text was changed") from error


#: For texts that belong to no definition.
PLAIN = Packer(b"")
