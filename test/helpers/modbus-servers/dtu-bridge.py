# A small DTU: it dials a platform, says who it is, sends heartbeats, and passes bytes between the platform and a serial
# bus (here: a TCP server that speaks RTU frames). It calls again when it was hung up on.
#
# argv[1]: JSON {"platform": port, "bus": port, "registration": hex, "heartbeat": hex, "heartbeatMs": 200}
# First line printed: {"control": port}. Orders come there by JSON lines, answered "ok":
#   {"delays": [ms, …]}  the next answers are passed on so much later, one each (and meanwhile others may be passed)
#   {"pieces": n}        answers go out in pieces of n bytes; 0: whole
#   {"around": true}     a heartbeat is glued before and behind each answer
import asyncio
import json
import sys

PIECES_APART_S = 0.003
CALLS_AGAIN_S = 0.05


async def main():
    options = json.loads(sys.argv[1])
    registration = bytes.fromhex(options["registration"])
    heartbeat = bytes.fromhex(options.get("heartbeat", ""))
    state = {"delays": [], "pieces": 0, "around": False}
    line = {}
    # What the serial side said goes out before anything else does.
    busy = asyncio.Lock()

    async def orders(reader, writer):
        while order := await reader.readline():
            state.update(json.loads(order))
            writer.write(b"ok\n")
            await writer.drain()

    async def pass_on(answer):
        async with busy:
            await send(answer)

    async def send(answer):
        out = line.get("out")
        if state["around"]:
            answer = heartbeat + answer + heartbeat
        size = state["pieces"] or len(answer)
        for at in range(0, len(answer), size):
            if out is not None and out is line.get("out"):
                out.write(answer[at : at + size])
            if size < len(answer):
                await asyncio.sleep(PIECES_APART_S)

    async def later(answer, ms):
        await asyncio.sleep(ms / 1000)
        await pass_on(answer)

    async def from_bus(reader):
        while answer := await reader.read(512):
            if state["delays"]:
                asyncio.ensure_future(later(answer, state["delays"].pop(0)))
            else:
                await pass_on(answer)

    async def beat():
        while heartbeat:
            await asyncio.sleep(options.get("heartbeatMs", 200) / 1000)
            async with busy:
                if line.get("out") is not None:
                    line["out"].write(heartbeat)

    async def call(bus):
        while True:
            try:
                reader, out = await asyncio.open_connection("127.0.0.1", options["platform"])
                out.write(registration)
                line["out"] = out
                while asked := await reader.read(512):
                    bus.write(asked)
            except OSError:
                pass
            line["out"] = None
            await asyncio.sleep(CALLS_AGAIN_S)

    from_reader, bus = await asyncio.open_connection("127.0.0.1", options["bus"])
    controls = await asyncio.start_server(orders, "127.0.0.1", 0)
    print(json.dumps({"control": controls.sockets[0].getsockname()[1]}), flush=True)
    await asyncio.gather(from_bus(from_reader), beat(), call(bus))


asyncio.run(main())
