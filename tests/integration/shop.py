"""A project whose steps have schemas of every kind, in TypeScript and Python, and `validation: enforce`."""

from __future__ import annotations

from pathlib import Path

from tests.integration.project import write_project
from tests.packages import link_packages

_FILES = {
    "runtime.yaml": "validation: enforce\nlog: { level: error, format: json }\n",
    "package.json": '{ "name": "shop" }',
    "src/products.ts": """
export const products = new Map<string, object>()
""",
    "steps/create-product.step.ts": """
import { z } from 'zod'
import { products } from '../src/products'

const Product = z.object({
  id: z.uuid(),
  name: z.string().min(1).max(80),
  price: z.number().nonnegative().lt(1_000_000),
  tags: z.array(z.string()).max(5),
  stock: z.record(z.string(), z.int().nonnegative()).optional(),
  size: z.discriminatedUnion('kind', [
    z.object({ kind: z.literal('box'), edges: z.tuple([z.number(), z.number(), z.number()]) }),
    z.object({ kind: z.literal('none') }),
  ]),
})

export const config = {
  type: 'api',
  name: 'CreateProduct',
  method: 'POST',
  path: '/products',
  bodySchema: Product,
  // Without the tuple: schemathesis cannot read one in the schema of a response.
  responseSchema: { 201: Product.omit({ size: true }).loose(), 409: z.object({ error: z.string() }) },
  flows: ['products'],
}

export const handler = async (req) => {
  if (products.has(req.body.id)) return { status: 409, body: { error: 'there already' } }
  if (products.size < 1000) products.set(req.body.id, req.body)
  return { status: 201, body: req.body, headers: { location: `/products/${req.body.id}` } }
}
""",
    "steps/get-product.step.ts": """
import { z } from 'zod'
import { products } from '../src/products'

export const config = {
  type: 'api',
  name: 'GetProduct',
  method: 'GET',
  path: '/products/:id',
  pathParams: z.object({ id: z.uuid() }),
  responseSchema: { 200: z.looseObject({ id: z.uuid(), name: z.string() }), 404: z.object({ error: z.string() }) },
  flows: ['products'],
}

export const handler = async (req) => {
  const product = products.get(req.pathParams.id)
  return product ? { status: 200, body: product } : { status: 404, body: { error: 'no such product' } }
}
""",
    "steps/list-products.step.ts": """
import { z } from 'zod'

export const config = {
  type: 'api',
  name: 'ListProducts',
  method: 'GET',
  path: '/products',
  queryParams: z.object({
    page: z.int().min(1).max(100),
    tags: z.array(z.string().min(1)).max(3).optional(),
    sort: z.enum(['name', 'price']).optional(),
    cheap: z.boolean().optional(),
  }),
  responseSchema: { 200: z.object({ page: z.string(), tags: z.array(z.string()), sort: z.string() }) },
  flows: ['products'],
}

export const handler = async (req) => {
  const { page, tags = [], sort = 'name' } = req.queryParams
  return { status: 200, body: { page, tags: [tags].flat(), sort } }
}
""",
    "steps/note_step.py": """
from datetime import date

from pydantic import BaseModel, Field


class Comment(BaseModel):
    text: str = Field(max_length=200)
    day: date | None = None
    answers: list["Comment"] = []


config = {
    "type": "api",
    "name": "Comment",
    "method": "PUT",
    "path": "/products/:id/comments/:number",
    "pathParams": {
        "type": "object",
        "properties": {"id": {"type": "string", "format": "uuid"}, "number": {"type": "integer", "minimum": 1}},
        "required": ["id", "number"],
    },
    "bodySchema": Comment,
    "responseSchema": {"200": Comment},
}


async def handler(req, ctx):
    return {"status": 200, "body": req.body}
""",
    "steps/price_step.py": """
config = {
    "type": "api",
    "name": "Price",
    "method": "GET",
    "path": "/price/:currency",
    "queryParams": [
        {"name": "amount", "description": "How many", "required": True, "schema": {"type": "integer", "minimum": 1}},
        {"name": "note", "description": "Anything"},
    ],
    "pathParams": {"type": "object", "properties": {"currency": {"enum": ["EUR", "USD"]}}, "required": ["currency"]},
    "responseSchema": {"200": {"type": "string", "pattern": "^[0-9]+ (EUR|USD)$"}},
}


def handler(req, ctx):
    return {"status": 200, "body": f"{int(req.queryParams['amount'])} {req.pathParams['currency']}"}
""",
    "steps/remove-product.step.ts": """
import { products } from '../src/products'

export const config = {
  type: 'api',
  name: 'RemoveProduct',
  method: 'DELETE',
  path: '/products/:productId',
  pathParams: { type: 'object', properties: { productId: { type: 'string', format: 'uuid' } } },
  responseSchema: { 204: true, 404: { type: 'object', properties: { error: { type: 'string' } } } },
}

export const handler = async (req) =>
  products.delete(req.pathParams.productId) ? { status: 204 } : { status: 404, body: { error: 'no such product' } }
""",
    "steps/anything_step.py": """
config = {"type": "api", "name": "Anything", "method": "POST", "path": "/anything/:rest*"}


async def handler(req, ctx):
    return {"status": 202, "body": {"kind": type(req.body).__name__}}
""",
}


def write_shop(root: Path) -> Path:
    """Makes the project in a folder."""
    write_project(root, _FILES)
    link_packages(root, zod="zod4")
    return root
