# frozen_string_literal: true

class OrderRejected < StandardError; end
class StockMissing < KeyError; end
class ShelfEmpty < StandardError; end

module Stock
  def self.take(goods)
    raise ShelfEmpty, 'shelf 3 is empty'
  rescue ShelfEmpty
    raise StockMissing, "no #{goods} in stock"
  end
end
