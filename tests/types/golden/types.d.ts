declare module 'motia' {
  /** The handlers of the project by step name. */
  interface Handlers {
    /** steps/orders/count.step.ts */
    'CountFollowed': EventHandler<StateChange<any> | StreamChange<StreamItem<{ score: number; 'first-name'?: string }>>, never>;
    /** steps/orders/create-order.step.ts: Takes an order of a region. */
    'CreateOrder': ApiRouteHandler<{
      items: {
        /** What is bought. */
        sku: string;
        quantity: number;
      }[];
      note?: string | null;
      'gift-wrap'?: boolean;
    }, TypedResponse<201, { id: string; total: number }> | TypedResponse<400, { error: string }>, { topic: 'order.audited'; data?: unknown } | { topic: 'order.created'; data: { orderId: string; total: number; customer: Schemas.Customer } & { orderId: string; customer: { name: string; mail?: string } } }, { region: string }, { dryRun?: 'yes' | 'no'; tag?: string | string[] }>;
    /** steps/orders/follow-orders.step.ts */
    'FollowOrders': StreamHandler<StreamItem<{ id: string; state: 'new' | 'sent'; note: string | null }>, { topic: 'order.followed'; data?: unknown }>;
    /** steps/orders/nightly.step.ts */
    'Nightly': CronHandler<never>;
    /** steps/orders/ship-order.step.ts */
    'ShipOrder': EventHandler<{ orderId: string; customer: { name: string; mail?: string } }, never>;
    /** steps/orders/untyped.step.ts */
    'Untyped': ApiRouteHandler<any, ApiResponse, { topic: 'free.said'; data?: unknown }>;
    /** steps/orders/watch.step.ts */
    'watch-all': TriggersHandler<TypedRequest<Schemas.Category, { rest: string }> | { score?: number }, ApiResponse, { topic: 'category.changed'; data?: unknown }, true>;
  }

  /** The project's streams by name. */
  interface FlowContextStateStreams {
    'orders': MotiaStream<{ id: string; state: 'new' | 'sent'; note: string | null }>;
    'scores': MotiaStream<{ score: number; 'first-name'?: string }>;
  }

  /** What the schemas of the project define by name. */
  namespace Schemas {
    type Category = { name: string; parts?: Schemas.Category[]; size?: [number, 'cm' | 'm'] };
    type Customer = { name: string };
  }
}
