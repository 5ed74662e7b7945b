class OrderRejected(Exception):
    pass


class StockMissing(LookupError):
    pass


class ShelfEmpty(Exception):
    pass


def take(goods: str) -> None:
    try:
        raise ShelfEmpty("shelf 3 is empty")
    except ShelfEmpty as error:
        raise StockMissing(f"no {goods} in stock") from error
