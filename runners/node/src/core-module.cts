// What '@motiadev/core' means here: the module 'motia', and beside it classes that describe themselves.

export = Object.assign(Object.create(require('./adapters.cjs') as object), require('./motia.cjs') as object);
