"""A POST as a page in a browser sends it: the headers of a session, and 2 KiB of JSON."""

from __future__ import annotations

from collections.abc import Mapping

HEADERS: Mapping[str, str] = {
    "Accept": "application/json, text/plain, */*",
    "Accept-Encoding": "gzip, deflate, br, zstd",
    "Accept-Language": "en-GB,en;q=0.9,de;q=0.8",
    "Authorization": f"Bearer {'eyJhbGciOiJFUzI1NiJ9'}.{'c2hvcHBlci0xNzQy' * 12}.{'c2lnbmF0dXJl' * 7}",
    "Cache-Control": "no-cache",
    "Cookie": f"session={'5f1c' * 16}; theme=dark; consent=necessary%2Cstatistics; csrf={'a9' * 16}",
    "Origin": "https://shop.example",
    "Referer": "https://shop.example/checkout/review?step=3",
    "Sec-Ch-Ua": '"Chromium";v="138", "Not=A?Brand";v="24"',
    "Sec-Ch-Ua-Mobile": "?0",
    "Sec-Ch-Ua-Platform": '"Linux"',
    "Sec-Fetch-Dest": "empty",
    "Sec-Fetch-Mode": "cors",
    "Sec-Fetch-Site": "same-site",
    "User-Agent": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/138.0.0.0",
    "X-Forwarded-For": "203.0.113.17",
    "X-Request-Id": "6f2b8c1e-0d3a-4a57-9e41-c7f1f0a2b934",
}


def basket() -> dict[str, object]:
    """An order of several items."""
    item = {"sku": "A-17", "title": "Kettle, 1.7 l, brushed steel", "count": 2, "price": 39.9, "gift": False}
    shopper = {
        "id": 1742,
        "name": "Ada Lovelace",
        "email": "ada@shop.example",
        "address": {"city": "London", "zip": None},
    }
    items = [{**item, "line": line} for line in range(1, 18)]
    return {"shopper": shopper, "items": items, "notes": "Leave it with the neighbours, please: the bell is broken."}
