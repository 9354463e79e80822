/** The shop's products have the ids 1 to this. */
export const PRODUCT_COUNT = 1_000;

/** The price of a product, in cents. The catalog is filled from this, and an order is priced by it. */
export function priceCents(productId: number): number {
  // Knuth's multiplicative hash: prices that look unrelated, and are the same in every process.
  return 199 + (((productId * 2_654_435_761) % 4_294_967_296) % 9_800);
}

/** The name of a product, made of its id. */
export function productName(productId: number): string {
  const kinds = ['Lamp', 'Chair', 'Mug', 'Notebook', 'Kettle', 'Blanket', 'Clock', 'Shelf', 'Vase', 'Basket'];
  const looks = ['Plain', 'Oak', 'Blue', 'Folding', 'Tall', 'Woven', 'Brass', 'Striped', 'Small', 'Heavy'];
  const look = looks[Math.floor(productId / kinds.length) % looks.length];
  return `${look} ${kinds[productId % kinds.length]} No. ${productId}`;
}
