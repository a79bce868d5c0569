"""
Records and events, made small for keeping: raw deflate with a dictionary that comes with each definition.

A case's texts repeat what its definition and the engine call things; told these words beforehand, deflate makes a
thousand bytes of JSON some three hundred. The words are kept with the definition, which never changes and outlives its
cases (I29), so what was packed can always be unpacked. Hashes cover the text, not what it is packed into.
"""

from __future__ import annotations

import hashlib
import re
import zlib

#: What the engine's JSON looks like, the commonest last, where a reference to it is shortest: rare parts, a record, a
#: notice, an end, an opening, an act. It is stored with each definition, so it may be bettered for later ones.
_PHRASES = (
    '["links","",{"k":"objection","n":,"q":"","w":""}],["tasks","",{"n":1,"s":,"st":"open"}],["tasks","",{"n":1,"r":"",'
    '"s":,"st":"done"}],["answers","#1/",{"a":"","p":""}],["answers","#1/minutes",{"p":"","present":{"":1},"votes":{"":'
    '1}}],["times",".",1],["passed","",],["papers","",{"d":"","f":".pdf","s":}],"stops":[["2026-","excluded:",""]],'
    '"ext":[["day","granted",""]],"late":"2026-T16:00:00Z","prov":true,"protects":"citizen",'
    '{"acts":{"opens":[""]},"asks":{"":{"e":{"":1},"n":1,"p":"","r":true,"s":1}},"case":{"channel":"","division":"",'
    '"end":"","entry":,"granted":,"members":["1","2"],"next":,"number":"-2026-0000","opened":"2026-0T0:00:00Z",'
    '"opener":"@","outcome":"granted","stage":"","status":"closed","subject":"","version":"<version>","workflow":"},'
    '"clocks":{"":{"at":"2026-0T0:00:00Z","cal":""}},"facts":{"":{"s":1,"v":true},"":{"s":,"v":{"x":"A"}}},'
    '"items":{"":{"d":"","p":"","q":""}},"notices":{"":{"n":4,"over":"2026-T16:00:00Z","places":{"square":{"at":'
    '"2026-0T0:00:00Z","proof":""}},"s":5}},"timers":{"":{"at":"2026-0T01:00:00Z","c":"","k":"remind","r":1}},'
    '"visits":{"":{"from":"new","n":1}}}'
    '{"b":{"action":"ended","clock":".wait","due":"2026-0T16:00:00Z","from":"","means":"pass","result":"ended",'
    '"rung":"over","timer":"","to":"","told":""},"c":[["timers","",null],["clocks",".wait",null],["notices","",{"n":4,"over":'
    '"2026-0T16:00:00Z","places":{"square":{"at":"2026-0T0:00:00Z","proof":""}},"s":5}],'
    '{"b":{"ask":"","place":"","present":3,"votes":{"":3}},"c":[["asks","",{"at":"2026-0T0:00:00Z","b":true,"n":4,'
    '"r":true,"s":4}],"cause":".posted","for":"7 day","k":"wait","n":,"roll":false}],"k":"over","r":0}]'
    '{"b":{"action":"","from":"","means":"grant","outcome":"granted","to":"","told":""},"c":[["asks","",null],["case","granted",'
    '8],["case","stage",""],["case","end",""],["case","outcome","granted"],["case","status","closed"],["visits","",'
    'null],["acts","",null]]}'
    '{"b":{"channel":"","to":"","told":""},"c":[["case","number","43-2026-0000"],["case","workflow",""],["case","version",'
    '"<version>"],["case","subject","019"],["case","division","43"],["case","channel",""],["case","opened",'
    '"2026-0T0:00:00Z"],["case","status","open"],["case","members",["1","2"]],["case","opener","village.@43"],'
    '["acts","opens",[""]],["visits","",{"from":"new","n":1}],'
    '["facts","",{"s":1,"v":true}],["facts","",{"s":3,"v":3}],["facts","",{"s":3,"v":{"x":"A"}}],'
    '{"b":{"action":"pass","from":"","means":"pass","note":{"x":"A"},"to":"","told":""},"c":[["asks","",null],["acts","",[""]],'
    '["items","",null],["clocks","",null],["timers","",null],["case","entry",2],["case","stage",""],["visits","",'
    '{"from":"","n":2}],["asks","",{"n":2,"r":true,"s":2}],["case","next",5],["items","3",{"d":"43","p":"","q":""}],'
    '["clocks","",{"at":"2026-0T0:00:00Z","cal":"","cause":".ready","day":"2026-0","due":"2026-0T16:00:00Z","for":'
    '"10 workday","n":2}],["timers","4",{"at":"2026-0T01:00:00Z","c":"","k":"remind","r":1}]]}'
)
_NAME = re.compile(r'"([a-z][a-z0-9_]*(?:\.[a-z][a-z0-9_]*)?)"')
#: Words further back than the window cannot be referred to; a quarter of it is left for the text itself.
_WINDOW_BITS = 13
_MOST = 3 << _WINDOW_BITS - 2
_PACKED = 1


def words(canonical: str) -> bytes:
    """The dictionary of a definition, given as canonical JSON: its names, then the engine's phrases with its digest."""
    names = '","'.join(dict.fromkeys(name for name in _NAME.findall(canonical) if len(name) > 3))
    phrases = _PHRASES.replace("<version>", hashlib.sha256(canonical.encode()).hexdigest())
    return (names[: _MOST - len(phrases)] + phrases).encode()


class Packer:
    """
    Packs and unpacks texts of one definition. Safe for several threads.

    Args:
        dictionary: The definition's words; empty: texts are kept as they are.
    """

    def __init__(self, dictionary: bytes) -> None:
        self._plain = not dictionary
        # Set up once; a copy of a small window costs less than a new one.
        self._packing = zlib.compressobj(3, zlib.DEFLATED, -_WINDOW_BITS, 6, zlib.Z_DEFAULT_STRATEGY, dictionary)
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
