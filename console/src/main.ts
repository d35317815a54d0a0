import { mount } from 'svelte';
import App from './App.svelte';
import { look } from './lib/look.svelte';
import './styles/base.css';

look.apply();
// After an update, a page of before asks for files that are gone: the new page names the new ones.
addEventListener('vite:preloadError', () => location.reload());
const target = document.getElementById('app');
if (target) mount(App, { target });
