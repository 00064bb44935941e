"""The demo's wallet: a page may ask the demo's own node to sign, whose accounts are nobody's.

Only in the demo, whose chain is anvil on this machine; only for the methods that a wallet has; and
only for pages of this service, for each request carries its CSRF token.
"""

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from pfpkit.errors import ChainError
from pfpkit.profile.browser import check_token
from pfpkit.profile.forms import json_of
from pfpkit.profile.problem import Problem
from pfpkit.profile.service import service_of
from pfpkit.rpc import Rpc, RpcError

__all__ = ["ROUTES", "ask_node"]

_METHODS = frozenset(
    {
        *("eth_accounts", "eth_requestAccounts", "eth_chainId", "net_version", "personal_sign"),
        *("eth_signTypedData_v4", "eth_sendTransaction", "eth_call", "eth_estimateGas"),
        *("eth_gasPrice", "eth_blockNumber", "eth_getTransactionReceipt"),
        *("eth_getTransactionByHash", "eth_getBalance", "eth_getTransactionCount"),
        *("eth_getBlockByNumber", "eth_maxPriorityFeePerGas", "eth_feeHistory"),
    }
)
_METHOD_NOT_FOUND = -32601
_WITHIN_S = 20.0


async def rpc(request: Request) -> Response:
    """Pass one JSON-RPC request to the demo's node."""
    service = service_of(request)
    if not service.settings.demo:
        raise Problem(404, "not-found", "there is no such page")
    await check_token(request)
    given = await json_of(request)
    method, parameters = given.get("method"), given.get("params", [])
    answer: dict[str, Any] = {"jsonrpc": "2.0", "id": given.get("id")}
    if method not in _METHODS or not isinstance(parameters, list):
        error = {"code": _METHOD_NOT_FOUND, "message": "the demo's wallet has no such method"}
        return JSONResponse(answer | {"error": error})
    said = await ask_node(service.settings.nodes[0], str(method), parameters)
    if isinstance(said, RpcError):
        error = {"code": said.code, "message": said.message}
        return JSONResponse(answer | {"error": error | ({"data": said.data} if said.data else {})})
    return JSONResponse(answer | {"result": said})


async def ask_node(url: str, method: str, parameters: list[Any]) -> Any:
    """Return what the demo's node answers, an RpcError where it refuses; Problem for no answer."""
    node = Rpc(url, _WITHIN_S)
    try:
        (said,) = await node.batch([(method, parameters)])
    except ChainError:
        raise Problem(503, "unknown", "the demo's node does not answer") from None
    finally:
        await node.close()
    return said


ROUTES = [Route("/demo/rpc", rpc, methods=["POST"])]
