"""Makes, follows and takes back a setup with grpcio, by nothing but what reflection tells.

    reflected.py HOST:PORT TOKEN DEVICE THING

Prints `good` in the end.
"""
import sys

import grpc
from google.protobuf.descriptor_pb2 import FileDescriptorProto
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message_factory import GetMessageClass
from grpc_reflection.v1alpha import reflection_pb2 as wire

INFO = "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo"


class Cloud:
    """A cloud, known by what it tells of itself."""

    def __init__(self, address, token):
        self.channel = grpc.insecure_channel(address)
        self.metadata = [("authorization", f"Bearer {token}")]
        self.pool = DescriptorPool()
        services = self.told(wire.ServerReflectionRequest(list_services="*"))
        self.services = [it.name for it in services.list_services_response.service]
        for service in self.services:
            asked = wire.ServerReflectionRequest(file_containing_symbol=service)
            self.add(self.told(asked).file_descriptor_response.file_descriptor_proto)

    def told(self, asked):
        # The messages are those of grpc.reflection.v1; only the package has another name.
        ask = self.channel.stream_stream(
            INFO,
            request_serializer=lambda message: message.SerializeToString(),
            response_deserializer=wire.ServerReflectionResponse.FromString,
        )
        return next(iter(ask(iter([asked]), metadata=self.metadata, timeout=30)))

    def add(self, files):
        for serialized in files:
            file = FileDescriptorProto.FromString(serialized)
            try:
                self.pool.FindFileByName(file.name)
                continue
            except KeyError:
                pass
            for name in file.dependency:
                try:
                    self.pool.FindFileByName(name)
                except KeyError:
                    asked = wire.ServerReflectionRequest(file_by_filename=name)
                    self.add(self.told(asked).file_descriptor_response.file_descriptor_proto)
            self.pool.Add(file)

    def method(self, service, name):
        found = self.pool.FindServiceByName(service).FindMethodByName(name)
        request, answer = GetMessageClass(found.input_type), GetMessageClass(found.output_type)
        kind = self.channel.unary_stream if found.server_streaming else self.channel.unary_unary
        call = kind(
            f"/{service}/{name}",
            request_serializer=request.SerializeToString,
            response_deserializer=answer.FromString,
        )
        return lambda **fields: call(request(**fields), metadata=self.metadata, timeout=120)


def refused(ask):
    try:
        ask()
    except grpc.RpcError as error:
        return error.code(), dict(error.trailing_metadata()).get("d1-problem-bin", b"")
    raise AssertionError("it was not refused")


def main(address, token, device, thing):
    cloud = Cloud(address, token)
    setups = lambda name: cloud.method("d1.api.v1.Setups", name)
    listed = cloud.method("d1.api.v1.Devices", "List")()
    assert [it.device_id for it in listed.devices] == [device] and listed.complete, listed
    wish = {"install": [thing], "device_id": device, "idempotency_key": "one"}
    made = setups("Create")(**wish)
    assert made.state == "awaiting approval" and made.steps, made
    assert setups("Create")(**wish).setup_id == made.setup_id
    setups("Approve")(setup_id=made.setup_id)
    news = list(setups("Follow")(setup_id=made.setup_id))
    assert [it.seq for it in news] == list(range(1, len(news) + 1)), news
    assert news[-1].WhichOneof("event") == "finished", news[-1]
    assert news[-1].finished.outcome == "succeeded", news[-1]
    rest = list(setups("Follow")(setup_id=made.setup_id, after=news[-2].seq))
    assert rest == news[-1:], rest
    ended = setups("Get")(setup_id=made.setup_id)
    assert ended.state == "succeeded" and ended.receipts[0].changes, ended
    undone = setups("Undo")(setup_id=made.setup_id)
    assert undone.undo_of == made.setup_id, undone
    *_, last = setups("Follow")(setup_id=undone.setup_id)
    assert last.finished.outcome == "succeeded", last
    known = [it.setup_id for it in setups("List")().setups]
    assert known == [undone.setup_id, made.setup_id], known
    code, problem = refused(lambda: setups("Approve")(setup_id=made.setup_id))
    assert code == grpc.StatusCode.INVALID_ARGUMENT and b"D1-SETUP-007" in problem, (code, problem)
    code, problem = refused(lambda: setups("Get")(setup_id="nonsense"))
    assert code == grpc.StatusCode.NOT_FOUND and b"D1-SETUP-001" in problem, (code, problem)
    print("good")


if __name__ == "__main__":
    main(*sys.argv[1:])
