"""A service for gunicorn (`app`) and uvicorn (`asgi`): reads the body, takes 20 ms, answers 2,000 bytes."""
import asyncio
import time


def app(environ, start_response):
    environ["wsgi.input"].read()
    time.sleep(0.02)
    body = b"x" * 2000
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(body)))])
    return [body]


async def asgi(scope, receive, send):
    if scope["type"] != "http":
        return
    while (await receive()).get("more_body"):
        pass
    await asyncio.sleep(0.02)
    headers = [(b"content-type", b"text/plain"), (b"content-length", b"2000")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": b"x" * 2000})
