"""The server's half of RFC 6455 as far as exec needs it: handshake, frames of clients, frames to them."""
import base64
import hashlib

MAGIC = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
#: What exec is spoken in, by what this server likes best.
PROTOCOLS = ("v5.channel.k8s.io", "v4.channel.k8s.io")
CONTINUED, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10


def accept(key):
    """What proves to the client that its handshake was understood."""
    return base64.b64encode(hashlib.sha1(key.encode() + MAGIC).digest()).decode()


def frame(opcode, payload, fin=True):
    """One frame of a server: never masked."""
    head = bytes([(0x80 if fin else 0) | opcode])
    n = len(payload)
    if n < 126:
        head += bytes([n])
    elif n < 1 << 16:
        head += b"\x7e" + n.to_bytes(2, "big")
    else:
        head += b"\x7f" + n.to_bytes(8, "big")
    return head + payload


def unmasked(mask, payload):
    n = len(payload)
    key = (mask * (n // 4 + 1))[:n]
    return (int.from_bytes(payload, "big") ^ int.from_bytes(key, "big")).to_bytes(n, "big")


async def messages(reader, writer):
    """The client's messages until it closes or is gone; pings are answered."""
    whole = b""
    while True:
        first, second = await reader.readexactly(2)
        n = second & 0x7F
        if n >= 126:
            n = int.from_bytes(await reader.readexactly(2 if n == 126 else 8), "big")
        if not second & 0x80:
            raise ValueError("a frame of a client must be masked")
        mask = await reader.readexactly(4)
        payload = unmasked(mask, await reader.readexactly(n))
        opcode = first & 0x0F
        if opcode == CLOSE:
            return
        if opcode == PING:
            writer.write(frame(PONG, payload))
        elif opcode in (CONTINUED, TEXT, BINARY):
            whole += payload
            if first & 0x80:
                yield whole
                whole = b""
