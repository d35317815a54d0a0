/** Holds what the console reads to what the gateway's OpenAPI document says: a field that is not in it does not compile. */
import type { components } from '../../generated/schema';
import type * as shapes from './shapes';

type Schemas = components['schemas'];
/** The fields that we read and the gateway does not send. */
type Missing<Ours, Theirs> = Exclude<keyof Ours, keyof Theirs>;
type None<Fields extends never> = Fields;

export type Agreed = [
  None<Missing<shapes.Setup, Schemas['Setup']>>,
  None<Missing<shapes.Myself, Schemas['Myself']>>,
  None<Missing<shapes.Standing, Schemas['KeyStanding']>>,
  None<Missing<shapes.Key, Schemas['Key']>>,
  None<Missing<shapes.Held, Schemas['KeyHold']>>,
  None<Missing<shapes.Bulked, Schemas['KeysDone']>>,
  None<Missing<shapes.Project, Schemas['Project']>>,
  None<Missing<shapes.Bench, Schemas['PoolBench']>>,
  None<Missing<shapes.Bucket, Schemas['Bucket']>>,
  None<Missing<shapes.PoolModel, Schemas['PoolModel']>>,
  None<Missing<shapes.Pool, Schemas['Pool']>>,
  None<Missing<shapes.Forecast, Schemas['Forecast']>>,
  None<Missing<shapes.Forecasts, Schemas['Forecasts']>>,
  None<Missing<shapes.Stats, Schemas['Stats']>>,
  None<Missing<shapes.Status, Schemas['Status']>>,
  None<Missing<shapes.User, Schemas['User']>>,
  None<Missing<shapes.Setting, Schemas['Setting']>>,
  None<Missing<shapes.Settings, Schemas['Settings']>>,
  None<Missing<shapes.Difference, Schemas['Difference']>>,
  None<Missing<shapes.SettingsChanged, Schemas['SettingsChanged']>>,
  None<Missing<shapes.Version, Schemas['SettingsVersion']>>,
  None<Missing<shapes.Call, Schemas['Call']>>,
  None<Missing<shapes.Times, Schemas['UsageTimes']>>,
  None<Missing<shapes.Totals, Schemas['UsageTotals']>>,
  None<Missing<shapes.Usage, Schemas['Usage']>>,
  None<Missing<shapes.AttemptRow, Schemas['Attempt']>>,
  None<Missing<shapes.Imported, Schemas['KeysImported']>>,
  None<Missing<shapes.Verdict, Schemas['KeyVerdict']>>,
  None<Missing<shapes.Operator, Schemas['Operator']>>,
  None<Missing<shapes.SessionRow, Schemas['Session']>>,
  None<Missing<shapes.Deed, Schemas['Deed']>>,
  None<Missing<shapes.Backup, Schemas['Backup']>>,
  None<Missing<shapes.Job, Schemas['Job']>>,
  None<Missing<shapes.Suggestion, Schemas['Suggestion']>>,
];
