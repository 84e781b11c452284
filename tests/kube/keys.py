"""What the stand-in is known by and who it knows: certificates made by openssl, tokens, and the kubeconfig that has them."""
import json
import os
import ssl
import subprocess
import sys

EC = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -sha256 -days 30"


def openssl(line, at):
    ended = subprocess.run(["openssl", *line.split()], cwd=at, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    if ended.returncode:
        raise SystemExit(f"openssl {line}: {ended.stderr}")


def make(at):
    """An authority, the server's certificate, one of a user, and one of a user whom another authority knows."""
    with open(f"{at}/names", "w") as file:
        file.write("subjectAltName=IP:127.0.0.1,DNS:localhost\n")
    for ca in ("ca", "other"):
        openssl(f"req -x509 {EC} -subj /CN={ca} -keyout {ca}.key -out {ca}.pem", at)
    for name, ca, more in (("server", "ca", "-extfile names"), ("ada", "ca", ""), ("eve", "other", "")):
        openssl(f"req -new {EC} -subj /CN={name} -keyout {name}.key -out {name}.csr".replace("-days 30", ""), at)
        openssl(f"x509 -req -in {name}.csr -CA {ca}.pem -CAkey {ca}.key -CAcreateserial -days 30 -out {name}.pem {more}", at)


def context(at):
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(f"{at}/server.pem", f"{at}/server.key")
    # Whoever's certificate it is, the handshake comes to its end, as with the real one: it is looked at later.
    for ca in ("ca", "other"):
        tls.load_verify_locations(f"{at}/{ca}.pem")
    tls.verify_mode = ssl.CERT_OPTIONAL
    return tls


def plugin(at, name, lines):
    """A credential plugin that notes each of its runs in NAME.runs."""
    path = f"{at}/{name}"
    with open(path, "w") as file:
        file.write(f"#!/bin/sh\necho run >> {path}.runs\n{lines}\n")
    os.chmod(path, 0o755)
    return path


def kubeconfig(at, port, token):
    """One context for each way to come, well or badly."""
    told = json.dumps({"apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential", "status": {"token": token}})
    api = {"apiVersion": "client.authentication.k8s.io/v1", "interactiveMode": "Never"}
    users = {
        "good": {"token": token},
        "cert": {"client-certificate": f"{at}/ada.pem", "client-key": f"{at}/ada.key"},
        "foreign": {"client-certificate": f"{at}/eve.pem", "client-key": f"{at}/eve.key"},
        "expired": {"token": "expired"},
        "plugin": {"exec": {**api, "command": plugin(at, "gives-token", f"cat <<'E'\n{told}\nE")}},
        "plugin-fails": {"exec": {**api, "command": plugin(at, "fails", "echo 'sso: session expired, run sso login' >&2\nexit 7")}},
        "plugin-missing": {"exec": {**api, "command": "no-such-credential-plugin", "installHint": "install the plugin"}},
    }
    servers = {"stand-in": f"https://127.0.0.1:{port}", "nowhere": "https://127.0.0.1:1"}
    contexts = [{"name": user, "context": {"cluster": "stand-in", "user": user, "namespace": "prod"}} for user in users]
    contexts.append({"name": "nowhere", "context": {"cluster": "nowhere", "user": "good", "namespace": "prod"}})
    contexts.append({"name": "elsewhere", "context": {"cluster": "stand-in", "user": "good"}})
    config = {
        "apiVersion": "v1", "kind": "Config", "current-context": "good", "contexts": contexts,
        "clusters": [{"name": n, "cluster": {"server": s, "certificate-authority": f"{at}/ca.pem"}} for n, s in servers.items()],
        "users": [{"name": n, "user": u} for n, u in users.items()],
    }
    with open(f"{at}/config", "w") as file:
        json.dump(config, file, indent=1)


if __name__ == "__main__":
    make(sys.argv[1])
