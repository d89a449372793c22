// A photo from the camera, made small enough to send over a bad network; drawing it anew drops place and camera data.
import { sha256 } from '../kit/sha256.ts';
import { fit, PHOTO_LIMITS } from './photo-size.ts';

export interface Photo {
  readonly blob: Blob;
  /** SHA-256 of the bytes that are sent, hex. */
  readonly hash: string;
  /** For display until it is sent. */
  readonly preview: string;
}

function drawn(image: ImageBitmap, max: number): HTMLCanvasElement {
  const size = fit(image.width, image.height, max);
  const canvas = document.createElement('canvas');
  canvas.width = size.width;
  canvas.height = size.height;
  canvas.getContext('2d')?.drawImage(image, 0, 0, size.width, size.height);
  return canvas;
}

/** @throws Error when the file is not an image that this browser can read */
export async function takePhoto(file: Blob): Promise<Photo> {
  const image = await createImageBitmap(file, { imageOrientation: 'from-image' });
  const canvas = drawn(image, PHOTO_LIMITS.sideMax);
  const preview = drawn(image, 320).toDataURL('image/jpeg', 0.7);
  image.close();
  const blob = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, 'image/jpeg', PHOTO_LIMITS.quality));
  if (!blob) throw new Error('the browser made no JPEG of the photo');
  return { blob, hash: sha256(new Uint8Array(await blob.arrayBuffer())), preview };
}
