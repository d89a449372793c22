# A Modbus server by other authors (pymodbus 3.0), told what to hold over a second TCP port by JSON lines.
#
# argv[1]: JSON {"framing": "tcp"|"rtu"|"serial", "units": [1, …], "size": 200, "port": 0, "path": "/dev/…"}
# First line printed: JSON {"port": …, "control": …}. Control lines: {"unit", "table", "address", "values"}, answered "ok".
# Every place below `size` exists in all four tables; a read of holding 60000 + n is answered with exception n.
import asyncio
import json
import sys

from pymodbus.datastore import ModbusSequentialDataBlock, ModbusServerContext, ModbusSlaveContext
from pymodbus.server.async_io import ModbusConnectedRequestHandler, ModbusSerialServer, ModbusTcpServer
from pymodbus.server.async_io import ModbusSingleRequestHandler
from pymodbus.transaction import ModbusRtuFramer, ModbusSocketFramer

FUNCTIONS = {"coil": 1, "discrete": 2, "holding": 3, "input": 4}
EXCEPTIONS_FROM = 60000


def with_exceptions(base):
    class Handler(base):
        def execute(self, request, *addr):
            code = getattr(request, "address", 0) - EXCEPTIONS_FROM
            if 0 < code < 256 and request.function_code == 3:
                response = request.doException(code)
                response.transaction_id = request.transaction_id
                response.unit_id = request.unit_id
                self.send(response, *addr)
            else:
                super().execute(request, *addr)

    return Handler


def slave(size):
    def block():
        return ModbusSequentialDataBlock(0, [0] * size)

    return ModbusSlaveContext(di=block(), co=block(), hr=block(), ir=block(), zero_mode=True)


async def main():
    options = json.loads(sys.argv[1])
    context = ModbusServerContext({u: slave(options.get("size", 200)) for u in options["units"]}, single=False)

    async def control(reader, writer):
        while line := await reader.readline():
            order = json.loads(line)
            context[order["unit"]].setValues(FUNCTIONS[order["table"]], order["address"], order["values"])
            writer.write(b"ok\n")
            await writer.drain()

    controls = await asyncio.start_server(control, "127.0.0.1", 0)
    ready = {"control": controls.sockets[0].getsockname()[1]}
    if options["framing"] == "serial":
        server = ModbusSerialServer(
            context,
            framer=ModbusRtuFramer,
            handler=with_exceptions(ModbusSingleRequestHandler),
            port=options["path"],
            baudrate=19200,
            ignore_missing_slaves=True,
            autoreconnect=True,
        )
        await server.start()
        print(json.dumps(ready), flush=True)
        await server.serve_forever()
        return
    server = ModbusTcpServer(
        context,
        framer=ModbusRtuFramer if options["framing"] == "rtu" else ModbusSocketFramer,
        handler=with_exceptions(ModbusConnectedRequestHandler),
        address=("127.0.0.1", options.get("port", 0)),
        allow_reuse_address=True,
    )
    serving = asyncio.create_task(server.serve_forever())
    await server.serving
    ready["port"] = server.server.sockets[0].getsockname()[1]
    print(json.dumps(ready), flush=True)
    await serving


asyncio.run(main())
