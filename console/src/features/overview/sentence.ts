/** The state of the pool in one sentence: how many keys are ready, and which model's day ends first. */
import type { Forecast, Forecasts, Stats } from '../../api/shapes';
import { count, hour } from '../../lib/format';
import type { Language } from '../../lib/look.svelte';

const rank = { used_up: 0, runs_dry: 1, lasts: 2, unknown: 3 } as const;

/** The model whose day is worst. */
export function worst(models: readonly Forecast[]): Forecast | undefined {
  return [...models].sort((a, b) => rank[a.outlook] - rank[b.outlook] || (a.runs_dry_at ?? '~').localeCompare(b.runs_dry_at ?? '~'))[0];
}

type Ready = Pick<Stats, 'healthy_gemini_keys' | 'gemini_keys'>;

export function sentence(stats: Ready, forecasts: Forecasts | null, language: Language): string {
  const model = worst(forecasts?.models ?? []);
  const said = language === 'zh' ? chinese(stats) : english(stats);
  return `${said.keys}${model && forecasts ? said.model(model, forecasts.day_ends) : said.idle}`;
}

interface Words {
  keys: string;
  idle: string;
  model: (model: Forecast, end: string) => string;
}

function english({ healthy_gemini_keys: ready, gemini_keys: all }: Ready): Words {
  const keys = ready === all ? `${all === 1 ? 'The one key is' : `All ${count(all)} keys are`} ready` : ready === 0 ? 'No key is ready' : `${count(ready)} of ${count(all)} keys ${ready === 1 ? 'is' : 'are'} ready`;
  return {
    keys,
    idle: '; nothing was asked for yet today.',
    model(model, end) {
      if (model.outlook === 'used_up') return `; today's ${model.model} is used up and returns at ${hour(end)}.`;
      if (model.outlook === 'runs_dry') return `; ${model.model} lasts until ${model.runs_dry_at ? hour(model.runs_dry_at) : 'soon'} at this rate, ${count(model.short)} requests short of the day.`;
      if (model.outlook === 'lasts') return `; at this rate every model lasts the day, ${model.model} with ${count(model.spare)} requests to spare.`;
      return `; how long ${model.model} lasts is not known until Google names a day limit or you declare one.`;
    },
  };
}

function chinese({ healthy_gemini_keys: ready, gemini_keys: all }: Ready): Words {
  const keys = ready === all ? `${count(all)} 个密钥全部就绪` : ready === 0 ? '没有可用的密钥' : `${count(all)} 个密钥中 ${count(ready)} 个就绪`;
  return {
    keys,
    idle: '；今天还没有请求。',
    model(model, end) {
      if (model.outlook === 'used_up') return `；${model.model} 今日额度已用完，${hour(end)} 恢复。`;
      if (model.outlook === 'runs_dry') return `；按当前速度，${model.model} 可用到 ${model.runs_dry_at ? hour(model.runs_dry_at) : '不久之后'}，距当日结束还差 ${count(model.short)} 次请求。`;
      if (model.outlook === 'lasts') return `；按当前速度所有模型都够用到今日结束，${model.model} 还余 ${count(model.spare)} 次。`;
      return `；${model.model} 的每日限额未知，待 Google 告知或手动声明后才能预测。`;
    },
  };
}
