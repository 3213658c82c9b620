"""smpplib, an ESME only, told what to do by JSON lines: see tests/interop/peer.py.

A thread reads as the library's own `listen` does, so what it answers by itself it answers here.
What is left to the application, and so done here: answering unbind, matching responses.
"""

import json
import queue
import ssl
import sys
import threading

from smpplib import client, consts, exceptions, gsm, smpp

TIMEOUT_S = 5


class Reading(client.Client):
    """The library's client, with what it read kept aside."""

    def __init__(self, port, context):
        super().__init__(
            "127.0.0.1",
            port,
            timeout=TIMEOUT_S,
            ssl_context=context,
            allow_unknown_opt_params=True,
        )
        self.responses = queue.Queue()
        self.requests = queue.Queue()
        self.ended = threading.Event()
        self.set_message_received_handler(lambda pdu: self.requests.put(pdu))
        self.set_error_pdu_handler(lambda pdu: None)

    def read_pdu(self):
        pdu = super().read_pdu()
        if pdu.is_response():
            self.responses.put(pdu)
        elif pdu.command == "unbind":
            response = smpp.make_pdu("unbind_resp", client=self)
            response.sequence = pdu.sequence
            self.send_pdu(response)
        return pdu

    def read_all(self):
        """Read until the connection ends."""
        try:
            while True:
                try:
                    self.read_once(auto_send_enquire_link=False)
                except TimeoutError:
                    continue
        except (exceptions.ConnectionError, OSError, AttributeError):
            self.ended.set()

    def ask(self, pdu):
        """Send a request; its response."""
        self.send_pdu(pdu)
        while True:
            response = self.responses.get(timeout=TIMEOUT_S)
            if response.sequence == pdu.sequence:
                return response


def to_pdu(message, session):
    fields = {key: value for key, value in message.items() if key not in ("command", "tlvs")}
    text = fields.pop("text", None)
    if "short_message" in fields:
        fields["short_message"] = bytes.fromhex(fields["short_message"])
    if text is not None:
        parts, fields["data_coding"], fields["esm_class"] = gsm.make_parts(text)
        [fields["short_message"]] = parts
    pdu = smpp.make_pdu(message["command"], client=session, **fields)
    for tag, octets in message.get("tlvs", ()):
        [name] = [name for name, known in consts.OPTIONAL_PARAMS.items() if known == tag]
        setattr(pdu, name, to_value(pdu.params[name], bytes.fromhex(octets)))
    return pdu


def to_value(param, octets):
    if param.type is int:
        return int.from_bytes(octets, "big")
    return octets[:-1].decode("ascii") if param.type is str else octets


def to_message(pdu):
    message = {"command": pdu.command, "command_status": pdu.status}
    tlvs = []
    for name, param in pdu.params.items():
        value = getattr(pdu, name, None)
        if value is None or name == "sm_length":
            continue
        if pdu.field_is_optional(name) and not (name == "message_state" and "resp" in pdu.command):
            tlvs.append([consts.OPTIONAL_PARAMS[name], to_octets(param, value).hex()])
        elif name == "short_message":
            message[name] = value.hex()
        else:
            message[name] = value.decode("ascii") if isinstance(value, bytes) else value
    return message | {"tlvs": tlvs} if "short_message" in pdu.params else message


def to_octets(param, value):
    if isinstance(value, int):
        return value.to_bytes(param.size, "big")
    return value + b"\0" if param.type is str else value


class Actions:
    """What it can be told to do."""

    session = None

    def connect(self, port, tls=None, **bind):
        context = ssl.create_default_context(cafile=tls["cert"]) if tls else None
        if context:
            context.check_hostname = False
        self.session = Reading(port, context)
        self.session.connect()
        command = bind.pop("command")
        try:
            getattr(self.session, command)(**bind)
        except exceptions.PDUError as refused:
            return {"command": f"{command}_resp", "command_status": refused.args[1]}
        self.session.responses.get()
        threading.Thread(target=self.session.read_all, daemon=True).start()
        return {"command": f"{command}_resp", "command_status": 0}

    def ask(self, pdu):
        return to_message(self.session.ask(to_pdu(pdu, self.session)))

    def raw(self, octets):
        self.session._socket.sendall(bytes.fromhex(octets))

    def heard(self):
        return to_message(self.session.requests.get(timeout=TIMEOUT_S))

    def unbind(self):
        response = self.session.ask(smpp.make_pdu("unbind", client=self.session))
        self.session.disconnect()
        return to_message(response)

    def ended(self):
        return self.session.ended.wait(TIMEOUT_S)

    def close(self):
        if self.session is not None and self.session._socket is not None:
            self.session.disconnect()
        self.session = None


def main():
    actions = Actions()
    for line in sys.stdin:
        what = json.loads(line)
        try:
            reply = {"answer": getattr(actions, what.pop("do"))(**what)}
        except Exception as error:
            reply = {"error": repr(error)}
        sys.stdout.write(json.dumps(reply) + "\n")
        sys.stdout.flush()


main()
