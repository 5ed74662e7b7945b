// Global types that the module names and that not every project has the library of; where there is one, these add nothing to it.

interface AbortSignal {}
interface ErrorOptions {}
