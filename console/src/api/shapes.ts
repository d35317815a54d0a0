/** What the admin API answers, as far as the console reads it. */
export interface Page<T> { data: T[]; next: string | null }
export interface Setup { claimed: boolean; open: boolean }
export interface Myself { id: string | null; name: string; role: 'admin' | 'viewer'; via: string; csrf: string | null; expires_at: string | null; confirmed_at: string | null }
export interface Standing { name: string; reason: string | null; since: string | null; until: string | null }
export interface Key { id: string; hint: string; label: string | null; project_id: string; origin: string; enabled: boolean; state: Standing; created_at: string; tags?: string[]; note?: string | null; day?: { model: string; used: number; limit: number }[] }
export interface Held { whose: 'key' | 'project' | 'model'; model: string | null; grade: string; reason: string; since: string; until: string | null }
export interface Bulked { action: string; done: number; failed: number; results: { id: string; ok: boolean; error: string | null; state: string | null }[]; next: string | null }
export interface Project { id: string; label: string | null; google_number: string | null; tier: string; weight: number; priority: number; enabled: boolean; notes: string; state: Standing; key_count: number; created_at: string; updated_at: string }
export interface Gauge { used: number; limit: number | null; known_from: string | null; since: string | null }
export interface Bench { grade: string; reason: string; since: string | null; until: string | null }
export interface Bucket { project: string; rpm: Gauge; tpm: Gauge; rpd: Gauge; tpd: Gauge; in_flight: number; bench: Bench | null; key_benches: (Bench & { key: string })[]; closed: { why: string; until: string | null } | null }
export interface ProjectModel extends Bucket { model: string; usual: unknown }
export interface ProjectWhole extends Project { keys: { id: string; state: Standing }[]; models: ProjectModel[] }
export interface PoolModel { name: string; aliases: string[]; bench: Bench | null; calibration: { factor: number; error: number; seen: number }; ready_projects: number; burn: { capacity: number; left: number; unlimited: number; used: number; last_minute: number }; buckets: Bucket[] }
export interface Pool { at: string; day_ends: string; ready_keys: number; projects: { id: string; label: string | null; tier: string; state: Standing; keys: { id: string; state: Standing }[] }[]; models: PoolModel[] }
export interface Forecast { model: string; outlook: 'lasts' | 'runs_dry' | 'used_up' | 'unknown'; rate: { requests: number; seconds: number }; capacity: number; used: number; left: number; without_limit: number; runs_dry_at: string | null; spare: number | null; short: number | null; help: { projects: number; models: string[] }; summary: string }
export interface Forecasts { at: string; day_ends: string; models: Forecast[] }
export interface Stats { gemini_keys: number; active_gemini_keys: number; healthy_gemini_keys: number; user_keys: number; active_user_keys: number; supported_models: string[]; usage_stats: Record<string, { minute: { requests: number; tokens: number }; day: { requests: number; tokens: number } }> }
export interface Status { version: string; models: string[]; active_keys: number; memory_usage_mb: number; cpu_percent: number; uptime_seconds: number; total_requests: number; keep_alive_active: boolean; keep_alive_enabled: boolean; render_url: string | null }
export type LimitName = 'rpm' | 'tpm' | 'rpd' | 'concurrency' | 'tokens_day' | 'tokens_month' | 'tokens_total' | 'usd_day' | 'usd_month' | 'usd_total';
export interface Injection { position: 'system' | 'user_prefix' | 'user_suffix'; content: string }
export interface User { id: string; name: string; hint: string; enabled: boolean; expires_at: string | null; private: boolean; weight: number; priority: 'low' | 'normal' | 'high'; models: string[]; addresses: string[]; limits: Record<LimitName, number | null>; injection: Injection | null; log_bodies?: boolean; created_at: string; last_used_at: string | null }
export interface UserWhole extends User { usage?: Record<string, { used: number; limit: number | null; resets_at: string | null }> }
export interface Keyed extends User { key: string }
export interface Setting { name: string; section: string; value: unknown; source: 'stored' | 'configured' | 'default'; configured: unknown; default: string; constraints: Constraint; doc: string; flag: string | null; env: string[] }
export interface Constraint { type?: string; enum?: string[]; format?: string; minimum?: number; maximum?: number; minimum_ms?: number; maxLength?: number; or?: string; items?: unknown; bare_number?: string }
export interface Settings { version: number; updated_at: string | null; updated_by: string | null; settings: Setting[] }
export interface Difference { name: string; from: unknown; to: unknown }
export interface SettingsChanged { version: number; dry_run: boolean; changes: Difference[] }
export interface Version { version: number; at: string; author: string; note?: string; changes: Difference[] }
export interface Tokens { input: number; cached: number; output: number; thinking: number; tool_use: number; [more: string]: number }
export interface Attempt { after_ms?: number; project?: string; project_id?: string; key?: string; key_id?: string; outcome: string; status: number | null; elapsed_ms: number; reason: string | null; counted: boolean }
export interface Call { id: string; began_at: string; ended_at: string; user_id: string; user_name: string | null; surface: string; model_asked: string; model: string; model_served: string | null; streamed: boolean; project_id: string | null; key_id: string | null; attempt_count: number; outcome: string; status: number; ending: string; tokens: Record<string, number>; token_source: string; cost_microdollars: number; timings: Record<string, number | null>; client_address: string | null; client_agent: string | null }
export interface CallWhole extends Call { decision: unknown; attempts: Attempt[]; bodies?: unknown }
export interface Times { mean: number | null; p50: number | null; p95: number | null; p99: number | null }
export interface Totals { calls: number; input_tokens: number; cached_tokens: number; output_tokens: number; thinking_tokens: number; tool_use_tokens: number; cost_microdollars: number; first_event_ms: Times; total_ms: Times }
export interface Usage { data: (Totals & { group: string })[]; next: string | null; total: Totals }
export interface AttemptRow { request_id: string; ordinal: number; began_at: string; model: string; project_id: string; key_id: string; outcome: string; status: number | null; elapsed_ms: number; reason: string | null; counted: boolean }
export interface Imported { added: number; keys: { id: string; hint: string; status: 'added' | 'duplicate' }[]; invalid: { hint: string; line: number; reason: string }[]; repeated: { hint: string; line: number; first_line: number }[] }
export interface Verdict { works: boolean; finding: string; message: string | null; key: Key }
export interface Operator { id: string; name: string; role: 'admin' | 'viewer'; created_at?: string; last_login_at?: string | null; enabled?: boolean }
export interface SessionRow { id: string; operator_id: string | null; current: boolean; created_at: string; last_seen_at: string; address: string; user_agent: string }
export interface Deed { id: string; at: string; operator: string; via: string; address: string | null; action: string; object: string | null; status: number; changes: unknown }
export interface Backup { name: string; bytes: number; created_at: string | null; schema: number | null; made_by: string | null; readable: boolean }
export interface Job { name: string; about: string; every_seconds: number; running_since: string | null; next: string; last: unknown; runs: number; failures: number }
export interface Suggestion { keys: { id: string; project_id: string }[]; confidence: string; since: string; summary: string }
