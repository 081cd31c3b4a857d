// A file that is chosen, or dropped onto the page, is opened at once.
import { one } from './_dom';

const form = (): HTMLFormElement | null => one<HTMLFormElement>('#open-file');

document.addEventListener('change', (e) => {
  if (e.target instanceof HTMLInputElement && e.target.id === 'trace-file' && e.target.files?.length) form()?.submit();
});
const files = (e: DragEvent): boolean => !!form() && !!e.dataTransfer?.types.includes('Files');
document.addEventListener('dragover', (e) => {
  if (!files(e)) return;
  e.preventDefault();
  document.body.classList.add('dropping');
});
document.addEventListener('dragleave', (e) => {
  if (!e.relatedTarget) document.body.classList.remove('dropping');
});
document.addEventListener('drop', (e) => {
  const input = one<HTMLInputElement>('#trace-file');
  if (!files(e) || !input || !e.dataTransfer?.files.length) return;
  e.preventDefault();
  document.body.classList.remove('dropping');
  input.files = e.dataTransfer.files;
  form()?.submit();
});
