"""One exec: a program in a pod, spoken to over channels. https://kubernetes.io/docs/reference/using-api/ calls them
v4 and v5.channel.k8s.io: a byte that names the channel, then its data."""
import asyncio
import contextlib
import os

import pod as pods
import websocket
from objects import said

STDIN, STDOUT, STDERR, ERROR, RESIZE, END = 0, 1, 2, 3, 4, 255
PART = 32 << 10

SUCCESS = {"metadata": {}, "status": "Success"}


def failed(code):
    return {"metadata": {}, "status": "Failure", "reason": "NonZeroExitCode",
            "message": f"command terminated with non-zero exit code: error executing command, exit code {code}",
            "details": {"causes": [{"reason": "ExitCode", "message": str(code)}]}}


def broken(words):
    return {"metadata": {}, "status": "Failure", "reason": "InternalError", "code": 500, "message": words,
            "details": {"causes": [{"message": words}]}}


class Exec:
    """`fault` holds what goes wrong here, of:

    hanging: "before" or "after" the handshake, or "output" after the program's output: nothing comes any more;
    slow: seconds until it begins; cut: the connection ends after so many bytes of stdout; short: only so many bytes of
    stdout come, and then Success (kubernetes#124571); no_status: closed in order without one; garbage: a Status that is
    no JSON; endless: stdout without end; drip: seconds between parts of `drip_bytes`.
    `forbidden`, `bad_request` and `vanished` are the server's.
    """

    def __init__(self, pod, fault, reader, writer, protocol, query):
        self.pod, self.fault, self.reader, self.writer, self.protocol = pod, fault, reader, writer, protocol
        self.argv = query["command"]
        self.stdin = query.get("stdin") == ["true"]
        self.container = query.get("container", [None])[0]
        self.sent = 0

    async def send(self, channel, data=b""):
        self.writer.write(websocket.frame(websocket.BINARY, bytes([channel]) + data))
        await self.writer.drain()
        # drain() does not let the loop turn by itself: without a turn it is never learnt that the client has gone.
        await asyncio.sleep(0)

    async def begin(self, key):
        if self.fault.get("hanging") == "before":
            await self.gone()
        self.writer.write(("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                           f"Sec-WebSocket-Accept: {websocket.accept(key)}\r\n"
                           f"Sec-WebSocket-Protocol: {self.protocol}\r\n\r\n").encode())
        await self.writer.drain()
        if self.fault.get("hanging") == "after":
            await self.gone()
        if slow := self.fault.get("slow"):
            await asyncio.sleep(slow)
        status = await (self.canned() if "canned" in self.pod.spec else self.program())
        if status is None:
            self.writer.transport.abort()
            return
        if self.fault.get("hanging") == "output":
            await self.gone()
        if self.fault.get("garbage"):
            await self.send(ERROR, b'{"status": "Succ')
        elif not self.fault.get("no_status"):
            await self.send(ERROR, said(status))
        self.writer.write(websocket.frame(websocket.CLOSE, (1000).to_bytes(2, "big")))
        await self.writer.drain()

    async def gone(self):
        """Waits until the client is."""
        while await self.reader.read(1 << 16):
            pass
        raise ConnectionError

    async def out(self, data):
        """stdout as far as the faults let it through; False when the connection is to be cut now."""
        for name in ("cut", "short"):
            if name in self.fault:
                left = max(self.fault[name] - self.sent, 0)
                self.sent += len(data[:left])
                if data[:left]:
                    await self.send(STDOUT, data[:left])
                if name == "cut" and len(data) >= left:
                    # The bytes before the cut shall arrive, and nothing after them.
                    await asyncio.sleep(0.05)
                    return False
                return True
        step = self.fault.get("drip_bytes", PART)
        for i in range(0, len(data), step):
            await self.send(STDOUT, data[i:i + step])
            if "drip" in self.fault:
                await asyncio.sleep(self.fault["drip"])
        return True

    async def canned(self):
        canned = self.pod.spec["canned"]
        if self.stdin and canned.get("reads"):
            async for message in websocket.messages(self.reader, self.writer):
                if message[:1] == bytes([END]):
                    break
        data = self.pod.spec.get("canned_bytes")
        if data is None:
            with open(canned["file"], "rb") as file:
                data = self.pod.spec["canned_bytes"] = file.read()
        if not await self.out(data):
            return None
        code = canned.get("code", 0)
        return failed(code) if code else SUCCESS

    async def program(self):
        if self.fault.get("endless"):
            while True:
                await self.send(STDOUT, b"x" * PART)
        if not os.path.exists(f"/proc/{self.pod.pid}"):
            return broken("container not found (\"" + (self.container or "app") + "\")")
        pipes = [os.pipe() for _ in range(3)]
        theirs = [pipes[0][0], pipes[1][1], pipes[2][1]]
        above, told = self.pod.enter(self.argv, theirs)
        for fd in theirs:
            os.close(fd)
        if not self.stdin:
            os.close(pipes[0][1])
        fed = asyncio.ensure_future(self.feed(pipes[0][1]))
        readers = [await pods.reading(fd) for fd in (told, pipes[1][0], pipes[2][0])]
        code = None
        try:
            trouble = asyncio.ensure_future(readers[0].read())
            outs = await asyncio.gather(self.copy(STDOUT, readers[1]), self.copy(STDERR, readers[2]))
            code = await pods.ended(above)
            trouble = (await trouble).decode()
        finally:
            fed.cancel()
            # Only then may another read from the connection.
            await asyncio.wait([fed])
            if code is None:
                # As the real one: the program goes on without its client, and is told nothing more. It is reaped.
                self.left = asyncio.ensure_future(self.leave(above, readers))
        if not all(outs):
            return None
        if trouble:
            number, _, words = trouble.partition(" ")
            why = {"2": "executable file not found in $PATH" if "/" not in self.argv[0] else "no such file or directory",
                   "13": "permission denied", "8": "exec format error"}.get(number, words)
            stat = f"stat {self.argv[0]}: " if number == "2" and "/" in self.argv[0] else ""
            return broken(f"Internal error occurred: error executing command in container: failed to exec in container: failed to "
                          f"start exec \"0f\": OCI runtime exec failed: exec failed: unable to start container process: exec: "
                          f"\"{self.argv[0]}\": {stat}{why}: unknown")
        return failed(code) if code else SUCCESS

    async def copy(self, channel, reader):
        whole = True
        while data := await reader.read(PART):
            if not whole:
                continue
            if channel == STDOUT:
                whole = await self.out(data)
            else:
                await self.send(channel, data)
        return whole

    async def leave(self, above, readers):
        await asyncio.gather(*(pods.drain(reader) for reader in readers))
        await pods.ended(above)

    async def feed(self, fd):
        """The client's stdin to the program's. Its end: half a close (v5), or the end of the connection."""
        pipe = None
        if self.stdin:
            loop = asyncio.get_running_loop()
            transport, protocol = await loop.connect_write_pipe(asyncio.streams.FlowControlMixin, os.fdopen(fd, "wb", 0))
            pipe = asyncio.StreamWriter(transport, protocol, None, loop)
        try:
            # Also without stdin the client's pings and its close are heard.
            async for message in websocket.messages(self.reader, self.writer):
                channel, data = message[0], message[1:]
                if pipe and channel == STDIN:
                    pipe.write(data)
                    with contextlib.suppress(ConnectionError):
                        await pipe.drain()
                elif pipe and channel == END and data == bytes([STDIN]) and self.protocol.startswith("v5"):
                    pipe.close()
                    pipe = None
        except (asyncio.IncompleteReadError, ConnectionError, ValueError):
            pass
        finally:
            if pipe:
                pipe.close()
