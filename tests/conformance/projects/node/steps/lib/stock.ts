export class OrderRejected extends Error {}

class StockMissing extends Error {}

class ShelfEmpty extends Error {}

export function take(goods: string): void {
  try {
    throw new ShelfEmpty('shelf 3 is empty');
  } catch (error) {
    throw new StockMissing(`no ${goods} in stock`, { cause: error });
  }
}
