#!/usr/bin/python3
"""Verifies an exported audit log without any code of ours: verify.py LOG KEY [HEAD]...

HEAD is a checkpoint line kept elsewhere. Prints "good RECORDS", or "bad LINE: WHY" and fails.
"""
import hashlib, json, sys
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey


def canonical(value):  # RFC 8785, as far as there are only texts, whole numbers and null
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def marked(mark, value):
    return mark.encode() + b"\0" + canonical(value).encode()


def sha256(data):
    return hashlib.sha256(data).hexdigest()


def verify(lines, key, heads):
    stream = seq = head = None
    for number, text in enumerate(lines, 1):
        def need(holds, why):
            if not holds:
                sys.exit(f"bad {number}: {why}")
        try:
            line = json.loads(text)
        except ValueError:
            need(False, "no JSON")
        need(canonical(line) == text, "not canonical")
        if "checkpoint" in line:
            point = line["checkpoint"]
            need(point["key"] == key, "another key")
            try:
                Ed25519PublicKey.from_public_bytes(bytes.fromhex(key)).verify(
                    bytes.fromhex(line["signature"]), marked("d1 audit checkpoint v1", point))
            except InvalidSignature:
                need(False, "signature")
            if stream is None:
                stream, seq, head = point["stream"], point["seq"], point["hash"]
                first = b"d1 audit genesis v1\0" + stream.encode() + b"\0" + bytes.fromhex(key)
                need(seq > 0 or head == sha256(first), "beginning")
            need((point["stream"], point["seq"], point["hash"]) == (stream, seq, head), "checkpoint")
        else:
            need(stream is not None, "no checkpoint before it")
            record = line["record"]
            need((record["stream"], record["seq"]) == (stream, seq + 1), "order")
            need(record["prev"] == head, "link")
            need(line["hash"] == sha256(marked("d1 audit record v1", record)), "record")
            if line["words"] is not None:
                need(record["words"] == sha256(marked("d1 audit words v1", line["words"])), "words")
            seq, head = record["seq"], line["hash"]
        for kept in heads:
            if kept["checkpoint"]["stream"] == stream and kept["checkpoint"]["seq"] == seq:
                need(kept["checkpoint"]["hash"] == head, "anchor")
    longest = max((kept["checkpoint"]["seq"] for kept in heads), default=0)
    if stream is None or longest > seq:
        sys.exit(f"bad {len(lines)}: the end is gone")
    print(f"good {seq}")


if __name__ == "__main__":
    log, key, *heads = sys.argv[1:]
    with open(log, encoding="utf-8", newline="\n") as file:
        verify(file.read().removesuffix("\n").split("\n"), key, [json.loads(head) for head in heads])
