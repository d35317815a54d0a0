/** How the console looks to this person: language, theme, and the zone in which times are told. */
import { en, type Dictionary } from '../i18n/en';
import { zh } from '../i18n/zh';
import { recall, remember } from './remember';
import { hear, tell } from './tabs';

export type Language = 'en' | 'zh';
export type Theme = 'system' | 'light' | 'dark';
export type Zone = 'local' | 'pacific';

function preferred(): Language {
  const kept = recall('language');
  if (kept === 'en' || kept === 'zh') return kept;
  return navigator.languages.some((tag) => tag.toLowerCase().startsWith('zh')) && !navigator.language.toLowerCase().startsWith('en') ? 'zh' : 'en';
}

class Look {
  language = $state<Language>(preferred());
  theme = $state<Theme>((recall('theme') as Theme | null) ?? 'system');
  zone = $state<Zone>((recall('zone') as Zone | null) ?? 'local');

  get t(): Dictionary {
    return this.language === 'zh' ? zh : en;
  }
  get locale(): string {
    return this.language === 'zh' ? 'zh-CN' : 'en-GB';
  }
  /** For `1.2M`, which British English writes `1.2m`. */
  get shortLocale(): string {
    return this.language === 'zh' ? 'zh-CN' : 'en';
  }
  get timeZone(): string | undefined {
    return this.zone === 'pacific' ? 'America/Los_Angeles' : undefined;
  }

  set(changes: Partial<{ language: Language; theme: Theme; zone: Zone }>): void {
    if (changes.language) remember('language', (this.language = changes.language));
    if (changes.theme) remember('theme', (this.theme = changes.theme));
    if (changes.zone) remember('zone', (this.zone = changes.zone));
    this.apply();
    tell({ kind: 'look', language: this.language, theme: this.theme, zone: this.zone });
  }

  apply(): void {
    document.documentElement.lang = this.language === 'zh' ? 'zh-CN' : 'en';
    if (this.theme === 'system') delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = this.theme;
  }
}

export const look = new Look();

// The news carries what was chosen: another tab's storage may still be the old one when it arrives.
hear((news) => {
  if (news.kind !== 'look') return;
  look.language = news.language;
  look.theme = news.theme;
  look.zone = news.zone;
  look.apply();
});
