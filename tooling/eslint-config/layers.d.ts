export interface Layer {
  folder: string;
  mayImport: string[];
  reason: string;
  only?: { files: string[]; mayImport: string[] }[];
}
export const layers: Layer[];
