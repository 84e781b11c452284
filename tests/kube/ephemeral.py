"""Ephemeral containers: what admission says to them, what becomes of them, and how the Pod object tells it.
https://kubernetes.io/docs/concepts/security/pod-security-standards/"""
import asyncio

import pod as pods
from objects import Refusal, stamp

#: What the baseline lets a container add.
HARMLESS = {"AUDIT_WRITE", "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "MKNOD", "NET_BIND_SERVICE", "SETFCAP", "SETGID",
            "SETPCAP", "SETUID", "SYS_CHROOT"}


def patch(server, thing, containers):
    """Adds those that are new, as a strategic merge by name does; the pod as it is then."""
    known = thing["spec"].setdefault("ephemeralContainers", [])
    for new in containers:
        old = next((c for c in known if c["name"] == new["name"]), None)
        if old is not None:
            if {**old, **new} != old:
                raise Refusal(422, "Invalid", f'Pod "{thing["metadata"]["name"]}" is invalid: existing ephemeral containers '
                                              f'"{new["name"]}" may not be changed')
            continue
        admit(server.settings["pod_security"], thing, new)
        known.append(new)
        status = {"name": new["name"], "image": new["image"], "imageID": "", "ready": False, "restartCount": 0, "lastState": {},
                  "state": waiting("ContainerCreating")}
        thing["status"].setdefault("ephemeralContainerStatuses", []).append(status)
        server.tasks = getattr(server, "tasks", [])
        server.tasks.append(asyncio.ensure_future(begin(server, thing, new, status)))
    return thing


def waiting(reason, message=None):
    return {"waiting": {"reason": reason, **({"message": message} if message else {})}}


def context(thing, container, key):
    own = container.get("securityContext", {}).get(key)
    return thing["spec"].get("securityContext", {}).get(key) if own is None else own


def admit(policy, thing, new):
    own, name, wrong = new.get("securityContext", {}), new["name"], []
    added = [c for c in own.get("capabilities", {}).get("add", []) if c not in HARMLESS]
    if policy and added:
        quoted = ", ".join(f'"{c}"' for c in added)
        wrong.append(f'non-default capabilities (container "{name}" must not include {quoted} in securityContext.capabilities.add)')
    if policy == "restricted":
        if own.get("allowPrivilegeEscalation") is not False:
            wrong.append(f'allowPrivilegeEscalation != false (container "{name}" must set '
                         "securityContext.allowPrivilegeEscalation=false)")
        if "ALL" not in own.get("capabilities", {}).get("drop", []):
            wrong.append(f'unrestricted capabilities (container "{name}" must set securityContext.capabilities.drop=["ALL"])')
        if context(thing, new, "runAsNonRoot") is not True:
            wrong.append(f'runAsNonRoot != true (pod or container "{name}" must set securityContext.runAsNonRoot=true)')
        if (context(thing, new, "seccompProfile") or {}).get("type") not in ("RuntimeDefault", "Localhost"):
            wrong.append(f'seccompProfile (pod or container "{name}" must set securityContext.seccompProfile.type to '
                         '"RuntimeDefault" or "Localhost")')
    if wrong:
        raise Refusal(403, "Forbidden", f'pods "{thing["metadata"]["name"]}" is forbidden: violates PodSecurity '
                                        f'"{policy}:latest": {", ".join(wrong)}')


async def begin(server, thing, new, status):
    """What a kubelet does with it."""
    meta, image = thing["metadata"], server.settings["images"].get(new["image"])
    key, name = (meta["namespace"], meta["name"]), new["name"]
    await asyncio.sleep(0.2)
    if image is None:
        status["state"] = waiting("ErrImagePull", f'failed to pull and unpack image "{new["image"]}": not found')
        await asyncio.sleep(0.5)
        status["state"] = waiting("ImagePullBackOff", f'Back-off pulling image "{new["image"]}"')
        return
    user = context(thing, new, "runAsUser")
    user = image.get("uid", 0) if user is None else user
    if context(thing, new, "runAsNonRoot") and user == 0:
        status["state"] = waiting("CreateContainerConfigError", "container has runAsNonRoot and image will run as root (pod: "
                                  f'"{meta["name"]}_{meta["namespace"]}({meta["uid"]})", container: {name})')
        return
    target = server.pods[key]
    spec = {key: target.spec[key] for key in ("name", "namespace", "address", "files", "hostname") if key in target.spec}
    spec.update(uid_text=f"{meta['uid']}-{name}", tmpfs={}, program=new.get("command", ["/bin/sh"]), uid=user,
                gid=context(thing, new, "runAsGroup") or user, binary=image.get("binary"))
    made = pods.Beside(spec, target)
    try:
        await made.start()
    except RuntimeError as e:
        status["state"] = {"terminated": {"exitCode": 128, "reason": "StartError", "message": f"failed to start: {e}"}}
        return
    server.beside.setdefault(key, {})[name] = made
    status["state"] = {"running": {"startedAt": stamp()}}
    code = await pods.ended(made.keeper)
    made.keeper = None
    status["state"] = {"terminated": {"exitCode": code, "reason": "Error" if code else "Completed"}}
