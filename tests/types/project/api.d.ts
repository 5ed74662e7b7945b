import 'motia';

declare module 'motia' {
  interface ApiRequest {
    user?: { id: string; role: string };
  }
}
