// Made of docs/openapi.json by `npm run types`.
export type paths = Record<string, never>;
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        /** @description Something that wants, or wanted, attention. */
        Alert: {
            /** @description The same in words. */
            message: string;
            /** @description When it began. */
            raised_at: string;
            /** @description When it was over; none if it is not. */
            resolved_at?: string | null;
            /** @description Which rule: `pool_share`, `dead_keys`, `error_share`, `runs_dry`, `spend`. */
            rule: string;
            /** @description What it is about, a model for example; empty if there is but one. */
            subject: string;
        };
        /** @description How it went. */
        AlertTested: {
            /** @description A channel each; empty if none is configured. */
            data: components["schemas"]["Told"][];
        };
        /** @description Few at any time, so there are no pages. */
        Alerts: {
            /** @description Who is told. */
            channels: string[];
            open: components["schemas"]["Alert"][];
            /** @description The last hundred that are over, the latest first; since the start of the gateway. */
            resolved: components["schemas"]["Alert"][];
        };
        /** @description An attempt as the operator sees it. */
        Attempt: {
            began_at: string;
            /** @description Whether Google will have counted it against the day. */
            counted: boolean;
            /** Format: int64 */
            elapsed_ms: number;
            key_id: string;
            model: string;
            /**
             * Format: int64
             * @description Which of its attempts, from 0.
             */
            ordinal: number;
            /** @description `ok`, or a short name of the failure. */
            outcome: string;
            project_id: string;
            /** @description Google's own words, without keys. */
            reason?: string | null;
            /** @description The call it belongs to. */
            request_id: string;
            /**
             * Format: int32
             * @description Google's HTTP status; null if there was none.
             */
            status?: number | null;
        };
        /** @description A backup, as operators see it. */
        Backup: {
            /** Format: int64 */
            bytes: number;
            /** @description Null if the file is damaged. */
            created_at?: string | null;
            /** @description The version of Pollux that made it. */
            made_by?: string | null;
            name: string;
            /** @description Whether its end is there. Only `pollux restore --dry-run` reads all of it. */
            readable: boolean;
            /** Format: int64 */
            schema?: number | null;
        };
        /** @description The latest thousand. Rotation keeps them few, so there are no pages. */
        Backups: {
            data: components["schemas"]["Backup"][];
        };
        /** @description What was said in a call: each as JSON if it is, else as text; null if there was none. */
        Bodies: {
            at: string;
            /** @description Those of them that were too long to be kept whole. */
            cut: string[];
            /** @description What Gemini was asked. */
            gemini_request?: unknown;
            /** @description What Gemini answered, event by event. */
            gemini_response?: unknown;
            id: string;
            /** @description What the client asked. */
            request?: unknown;
            /** @description What the client was answered. */
            response?: unknown;
            user_id: string;
        };
        /** @description A key that is in the pool now. */
        BroughtKey: {
            hint: string;
            id: string;
            status: components["schemas"]["BroughtStatus"];
        };
        /**
         * @description What became of a key.
         * @enum {string}
         */
        BroughtStatus: "added" | "duplicate";
        /** @description One project's quota for one model. */
        Bucket: {
            bench?: components["schemas"]["PoolBench"] | null;
            closed?: components["schemas"]["Closed"] | null;
            /** Format: int32 */
            in_flight: number;
            key_benches: components["schemas"]["KeyBench"][];
            project: string;
            rpd: components["schemas"]["Gauge"];
            rpm: components["schemas"]["Gauge"];
            tpd: components["schemas"]["Gauge"];
            tpm: components["schemas"]["Gauge"];
        };
        /** @description A call as the operator sees it. */
        Call: {
            /** Format: int32 */
            attempt_count: number;
            began_at: string;
            client_address?: string | null;
            client_agent?: string | null;
            /** Format: int64 */
            cost_microdollars: number;
            ended_at: string;
            ending: string;
            id: string;
            key_id?: string | null;
            /** @description What quotas go by. */
            model: string;
            /** @description As the client wrote it. */
            model_asked: string;
            /** @description As the model that answered called itself. */
            model_served?: string | null;
            outcome: string;
            project_id?: string | null;
            /** Format: int32 */
            status: number;
            streamed: boolean;
            surface: string;
            timings: components["schemas"]["Timings"];
            /** @description How well the tokens are known. */
            token_source: string;
            tokens: components["schemas"]["Counts"];
            user_id: string;
            /** @description Null if there is no such user any more. */
            user_name?: string | null;
        };
        /** @description One request to Google. */
        CallAttempt: {
            /**
             * Format: int64
             * @description Milliseconds after the call came.
             * @default 0
             */
            after_ms: number;
            /**
             * @description Whether Google will have counted it against the day.
             * @default false
             */
            counted: boolean;
            /**
             * Format: int64
             * @description How long it took, to its first event or its failure.
             * @default 0
             */
            elapsed_ms: number;
            /**
             * @description The key.
             * @default
             */
            key: string;
            /**
             * @description `ok`, or a short name of the failure.
             * @default
             */
            outcome: string;
            /**
             * @description The project.
             * @default
             */
            project: string;
            /**
             * @description Google's own words, without keys and shortened; empty if all was well.
             * @default
             */
            reason: string;
            /**
             * Format: int32
             * @description Google's HTTP status; 0 if there was none.
             * @default 0
             */
            status: number;
        };
        /** @description A call with everything that is known of it. */
        CallDetails: components["schemas"]["Call"] & {
            attempts: components["schemas"]["CallAttempt"][];
            /** @description Why it was this key; null if none was chosen. */
            decision?: Record<string, never> | null;
        };
        /** @description Every model. They are few: no pages. */
        Catalog: {
            data: components["schemas"]["CatalogModel"][];
        };
        /** @description A model. */
        CatalogModel: {
            /** @description Short names of what it can do that not every model can. */
            abilities: string[];
            /** @description The model that really answers; another one where the name is an alias. */
            answered_by: string;
            /** @description Whether the settings let it be called. */
            enabled: boolean;
            /** @enum {string} */
            family: "gen2" | "gen25" | "gen3" | "gen4" | "gemma" | "image" | "speech" | "embedding" | "other";
            id: string;
            /**
             * Format: int64
             * @description Prompt tokens at most.
             */
            input_limit: number;
            /**
             * Format: int64
             * @description Tokens of an answer at most, thoughts included.
             */
            output_limit: number;
            released?: string | null;
            /** @description The day Google switches it off, `2027-05-07`. */
            shutdown?: string | null;
            /** @description How thinking is controlled: `none`, `budget` or `level`. */
            thinking: string;
        };
        /**
         * @description Why a job ran.
         * @enum {string}
         */
        Cause: "plan" | "operator";
        /** @description Why a bucket is closed, and until when. */
        Closed: {
            until?: string | null;
            why: ("minute" | "day" | "not_offered" | "bench" | "soft" | "probe" | "model" | "busy" | "no_key" | "disabled" | "tried" | "tier" | "not_owner" | "share") | {
                /** Format: int64 */
                too_large: number;
            };
        };
        /** @description Tokens of a call. */
        Counts: {
            /**
             * Format: int64
             * @description Of the input, served from a cache.
             * @default 0
             */
            cached: number;
            /**
             * Format: int64
             * @description Prompt and tool results, cached ones included.
             * @default 0
             */
            input: number;
            /**
             * Format: int64
             * @description Answer and thoughts.
             * @default 0
             */
            output: number;
            /**
             * Format: int64
             * @description Of the output, spent on thinking.
             * @default 0
             */
            thinking: number;
            /**
             * Format: int64
             * @description Of the input, results of built-in tools.
             * @default 0
             */
            tool_use: number;
        };
        /** @description What `/debug/info` says. */
        DebugInfo: {
            arch: string;
            /** Format: double */
            cpu_percent: number;
            database_exists: boolean;
            /** Format: double */
            database_size_mb: number;
            environment: string;
            keys: unknown;
            /** Format: double */
            memory_usage_mb: number;
            models_in_use: number;
            os: string;
            service: string;
            /** @description Settings that are not at their default. Of the injected prompt only its length: it is sent to others. */
            settings: {
                [key: string]: unknown;
            };
            /** Format: int64 */
            settings_version: number;
            timestamp: string;
            /** Format: int64 */
            uptime_seconds: number;
            users: unknown;
            version: string;
        };
        /** @description What an operator did. */
        Deed: {
            /** @description Method and route: `POST /admin/keys/{id}/enable`. */
            action: string;
            address?: string | null;
            at: string;
            /** @description Each field that was different, with what it was and what it is. */
            changes: unknown;
            id: string;
            /** @description An id or a name; null for the whole. */
            object?: string | null;
            operator: string;
            /**
             * Format: int32
             * @description How it ended, as an HTTP status; 499 if the client did not wait for that.
             */
            status: number;
            /** @description How it was recognised: `session`, `token`, or `nothing`. */
            via: string;
        };
        /** @description A page, the latest first. */
        Deeds: {
            data: components["schemas"]["Deed"][];
            /** @description What to give as `before` for the next page; null after the last. */
            next?: string | null;
        };
        /** @description One setting that changed. */
        Difference: {
            /** @description What held before. */
            from: unknown;
            /** @description Which. */
            name: string;
            /** @description What holds now. */
            to: unknown;
        };
        /** @description What becomes of one model's day. */
        Forecast: {
            /**
             * Format: int64
             * @description Requests a day, of the projects whose limit is known.
             */
            capacity: number;
            help: components["schemas"]["Help"];
            /** Format: int64 */
            left: number;
            model: string;
            outlook: components["schemas"]["Outlook"];
            rate: components["schemas"]["Pace"];
            runs_dry_at?: string | null;
            /**
             * Format: int64
             * @description Requests that the rest of the day would still need.
             */
            short?: number | null;
            /**
             * Format: int64
             * @description Requests left over at midnight.
             */
            spare?: number | null;
            /** @description The same in words. */
            summary: string;
            /** Format: int64 */
            used: number;
            /**
             * Format: int64
             * @description Projects whose day limit is not known yet.
             */
            without_limit: number;
        };
        /** @description What becomes of the day. */
        Forecasts: {
            at: string;
            /** @description When the Pacific day ends, and with it the day quotas. */
            day_ends: string;
            models: components["schemas"]["Forecast"][];
        };
        /** @description Use and limit of one window. */
        Gauge: {
            /** @description `declared`, `tier_default` or `learned`. */
            known_from?: string | null;
            /** Format: int64 */
            limit?: number | null;
            /** @description When a learned one was named. */
            since?: string | null;
            /** Format: int64 */
            used: number;
        };
        /** @description What `/health` says. */
        Health: {
            available_keys: number;
            environment: string;
            journal: string;
            /** @description `ok`; `away` while this replica goes on with its share of every limit; `off` where there is none. */
            redis: string;
            /** Format: int64 */
            request_count: number;
            /** @description `healthy`, or `no_available_keys` when nothing can be served. */
            status: string;
            timestamp: string;
            /** Format: int64 */
            uptime_seconds: number;
            version: string;
        };
        /** @description What would carry the day to its end. */
        Help: {
            /** @description Some of the models that have requests to spare. */
            models: string[];
            /**
             * Format: int64
             * @description Projects with a quota like the others'.
             */
            projects: number;
        };
        /** @description What is added to every call. */
        InjectConfig: {
            content: string;
            enabled: boolean;
            position: string;
        };
        /** @description A text that is said in each call of a user. */
        Injection: {
            /** @description The text. */
            content: string;
            /** @description Where it is said. */
            position: components["schemas"]["InjectionPosition"];
        };
        /**
         * @description Where an injected text is said.
         * @enum {string}
         */
        InjectionPosition: "system" | "user_prefix" | "user_suffix";
        /** @description Something that is no key. */
        InvalidKey: {
            hint: string;
            /** @description From 1; in a list, which item it is. */
            line: number;
            reason: string;
        };
        /** @description A job, as operators see it. */
        Job: {
            about: string;
            /**
             * Format: int64
             * @description How often it runs by itself; null for never.
             */
            every_seconds?: number | null;
            /** Format: int64 */
            failures: number;
            last?: components["schemas"]["JobRun"] | null;
            name: string;
            /** @description When it runs next by itself. */
            next?: string | null;
            running_since?: string | null;
            /**
             * Format: int64
             * @description Since the gateway was started.
             */
            runs: number;
        };
        /** @description A run that is over. */
        JobRun: {
            began: string;
            cause: components["schemas"]["Cause"];
            said: string;
            succeeded: boolean;
            /** Format: int64 */
            took_ms: number;
        };
        /** @description Every job; there are few, so there are no pages. */
        Jobs: {
            data: components["schemas"]["Job"][];
        };
        /** @description A key as its operator sees it. */
        Key: {
            created_at: string;
            day: {
                /** Format: int64 */
                limit: number;
                model: string;
                /** Format: int64 */
                used: number;
            }[];
            enabled: boolean;
            /** @description What may be shown of it. */
            hint: string;
            id: string;
            label?: string | null;
            note?: string | null;
            /** @description `admin` or `environment`. */
            origin: string;
            project_id: string;
            state: components["schemas"]["KeyStanding"];
            tags: string[];
        };
        /** @description The pause of one key for one model. */
        KeyBench: components["schemas"]["PoolBench"] & {
            key: string;
        };
        /** @description A key with every bench that holds it. */
        KeyDetails: components["schemas"]["Key"] & {
            holds: components["schemas"]["KeyHold"][];
        };
        /** @description What became of one key. */
        KeyDone: {
            /** @description Why not. */
            error?: string | null;
            id: string;
            /** @description Whether it was done; of a test, whether the key works. */
            ok: boolean;
            /** @description Where the key stands now; null if it is gone. */
            state?: string | null;
        };
        /** @description What went with a key. */
        KeyGone: {
            /** @description What users had in its project and cannot reach any more, counted by kind: `{"files": 3}`. */
            unreachable: {
                [key: string]: number;
            };
        };
        /** @description Why a key cannot serve, all models or one, and when it is back. */
        KeyHold: {
            /** @enum {string} */
            grade: "minute" | "day" | "not_offered" | "hard" | "soft" | "suspect";
            /** @description The model it is about; null for all of them. */
            model?: string | null;
            reason: string;
            since: string;
            until?: string | null;
            /** @enum {string} */
            whose: "key" | "project" | "model";
        };
        /** @description Whose key it is. */
        KeyOwner: {
            id: string;
            name: string;
        };
        /** @description Whether a key or project may serve. */
        KeyStanding: {
            /** @description `ready`, `disabled`, `benched`, `dead`. */
            name: string;
            reason?: string | null;
            since?: string | null;
            until?: string | null;
        };
        /** @description The last turns of a key. */
        KeyTimeline: {
            /** @description The latest first. */
            data: components["schemas"]["KeyTurn"][];
        };
        /** @description From one state to the next. */
        KeyTurn: {
            at: string;
            /** @description What Google said. */
            detail?: string | null;
            /** @description The state before; null if it was forgotten. */
            from?: string | null;
            /** @description The model it is about; null for all of them. */
            model?: string | null;
            reason?: string | null;
            /** @description `key`, or `project` if all keys of its project were concerned. */
            scope: string;
            to: string;
            /** @description When that ends by itself. */
            until?: string | null;
        };
        /** @description What Google said, and where the key stands now. */
        KeyVerdict: {
            /** @description A short name of what is wrong, or `ok`. */
            finding: string;
            key: components["schemas"]["Key"];
            message?: string | null;
            works: boolean;
        };
        /** @description What became of all of them. */
        KeysDone: {
            action: string;
            done: number;
            failed: number;
            /** @description With a filter: what to give as `after` to go on; null after the last. */
            next?: string | null;
            results: components["schemas"]["KeyDone"][];
        };
        /** @description Keys in clear. The only answer that ever holds one that was added before. */
        KeysExported: {
            keys: components["schemas"]["PlainKey"][];
            /** @description What to give as `after` for the next page; null after the last. */
            next?: string | null;
        };
        /** @description What became of each key. */
        KeysImported: {
            added: number;
            invalid: components["schemas"]["InvalidKey"][];
            keys: components["schemas"]["BroughtKey"][];
            repeated: components["schemas"]["RepeatedKey"][];
        };
        /** @description A limit as its operator sees it. */
        Limit: {
            /** @description `declared` here, or `learned` from an answer of Google's. */
            known_from: string;
            /** @enum {string} */
            limit: "rpm" | "tpm" | "rpd" | "tpd";
            model: string;
            /** @description Whose; null for what holds for all projects. */
            project?: string | null;
            since: string;
            /** @description When a learned limit is not believed any more. */
            until?: string | null;
            usual?: components["schemas"]["UsualLimits"] | null;
            /**
             * Format: int64
             * @description 0 means that the model is not offered.
             */
            value: number;
        };
        /** @description What was declared. */
        LimitDeclared: {
            /** @description The model as its quotas are called. */
            model: string;
            /** @description Whose; null for all projects. */
            project?: string | null;
            /** Format: int64 */
            rpd?: number | null;
            /** Format: int64 */
            rpm?: number | null;
            /** Format: int64 */
            tpm?: number | null;
        };
        /** @description A page of a list. */
        ListedOfAttempt: {
            data: components["schemas"]["Attempt"][];
            /** @description What to give as `after` for the next page; null after the last. */
            next?: string | null;
        };
        /** @description A page of a list. */
        ListedOfCall: {
            data: components["schemas"]["Call"][];
            /** @description What to give as `after` for the next page; null after the last. */
            next?: string | null;
        };
        /** @description A page of a list. */
        ListedOfKey: {
            data: components["schemas"]["Key"][];
            /** @description What to give as `after` for the next page; null after the last. */
            next?: string | null;
        };
        /** @description A page of a list. */
        ListedOfLimit: {
            data: components["schemas"]["Limit"][];
            /** @description What to give as `after` for the next page; null after the last. */
            next?: string | null;
        };
        /** @description A page of a list. */
        ListedOfOperator: {
            data: components["schemas"]["Operator"][];
            /** @description What to give as `after` for the next page; null after the last. */
            next?: string | null;
        };
        /** @description A page of a list. */
        ListedOfProject: {
            data: components["schemas"]["Project"][];
            /** @description What to give as `after` for the next page; null after the last. */
            next?: string | null;
        };
        /** @description A page of a list. */
        ListedOfSession: {
            data: components["schemas"]["Session"][];
            /** @description What to give as `after` for the next page; null after the last. */
            next?: string | null;
        };
        /** @description A page of a list. */
        ListedOfSettingsVersion: {
            data: components["schemas"]["SettingsVersion"][];
            /** @description What to give as `after` for the next page; null after the last. */
            next?: string | null;
        };
        /** @description A page of a list. */
        ListedOfUser: {
            data: components["schemas"]["User"][];
            /** @description What to give as `after` for the next page; null after the last. */
            next?: string | null;
        };
        /** @description What `/metrics` says. */
        Metrics: {
            /**
             * Format: int64
             * @description Calls at Google now.
             */
            active_connections: number;
            /** Format: double */
            cpu_percent: number;
            /** Format: double */
            database_size_mb: number;
            /** Format: double */
            memory_usage_mb: number;
            /** Format: int64 */
            requests_count: number;
            /** Format: int64 */
            uptime_seconds: number;
        };
        /** @description An operator, as itself. */
        Myself: {
            /** @description When this operator last proved who it is. */
            confirmed_at?: string | null;
            /** @description What must be sent as `x-pollux-csrf` with each change; null where there is no session. */
            csrf?: string | null;
            /** @description When the session ends, used or not. */
            expires_at?: string | null;
            /** @description Null for the holder of the admin token. */
            id?: string | null;
            name: string;
            role: string;
            /** @description `session`, `token`, or `nothing` where administration is open. */
            via: string;
        };
        /** @description An operator. Its password is nobody's business. */
        Operator: {
            created_at: string;
            enabled: boolean;
            id: string;
            /** @description When it last logged in. */
            last_login_at?: string | null;
            name: string;
            /** @description `viewer` or `admin`. */
            role: string;
        };
        /**
         * @description What becomes of the day, in one word.
         * @enum {string}
         */
        Outlook: "lasts" | "runs_dry" | "used_up" | "unknown";
        /** @description How fast it goes. */
        Pace: {
            /** Format: int64 */
            requests: number;
            /** Format: int64 */
            seconds: number;
        };
        /** @description One key. */
        PlainKey: {
            enabled: boolean;
            id: string;
            key: string;
            label: string;
            note: string;
            project_id: string;
            tags: string[];
        };
        /** @description The pool at one moment. */
        Pool: {
            at: string;
            /** @description When the Pacific day ends, and with it the day quotas. */
            day_ends: string;
            models: components["schemas"]["PoolModel"][];
            projects: components["schemas"]["PoolProject"][];
            ready_keys: number;
        };
        /** @description A pause that ends by itself. */
        PoolBench: {
            /** @enum {string} */
            grade: "minute" | "day" | "not_offered" | "hard" | "soft" | "suspect";
            reason: string;
            since?: string | null;
            until?: string | null;
        };
        /** @description A key of a project. */
        PoolKey: {
            id: string;
            state: components["schemas"]["KeyStanding"];
        };
        /** @description A model and what each project has left for it. */
        PoolModel: {
            /** @description Other names that Google counts with it. */
            aliases: string[];
            bench?: components["schemas"]["PoolBench"] | null;
            buckets: components["schemas"]["Bucket"][];
            burn: {
                /** Format: int64 */
                capacity: number;
                /** Format: int64 */
                last_minute: number;
                /** Format: int64 */
                left: number;
                /** Format: int64 */
                unlimited: number;
                /** Format: int64 */
                used: number;
            };
            calibration: {
                error: number;
                factor: number;
                /** Format: int64 */
                seen: number;
            };
            name: string;
            ready_projects: number;
        };
        /** @description A project and its keys. */
        PoolProject: {
            id: string;
            keys: components["schemas"]["PoolKey"][];
            label?: string | null;
            state: components["schemas"]["KeyStanding"];
            /** @enum {string} */
            tier: "free" | "paid" | "unknown";
        };
        /**
         * @description Whose calls go first when there is no room for all.
         * @enum {string}
         */
        Priority: "low" | "normal" | "high";
        /** @description As it is on the wire. */
        Problem: {
            detail: string;
            field?: string | null;
            problems?: components["schemas"]["ProblemDetail"][];
            /** Format: int32 */
            status: number;
            title: string;
            type: string;
        };
        /** @description One thing that is wrong with a request. */
        ProblemDetail: {
            /** @description The field at fault; none for the request as a whole. */
            field?: string | null;
            /** @description The same as a JSON pointer, where it may lie deep. */
            pointer?: string | null;
            reason: string;
            /** @description What would be right. */
            way_out?: string | null;
        };
        /** @description A project as its operator sees it. */
        Project: {
            created_at: string;
            enabled: boolean;
            /** @description Google's number of it, once an answer told. */
            google_number?: string | null;
            id: string;
            key_count: number;
            /** @description None for the project of one key whose project is unknown. */
            label?: string | null;
            notes: string;
            /**
             * Format: int64
             * @description Higher goes first as long as it has room.
             */
            priority: number;
            state: components["schemas"]["KeyStanding"];
            /** @enum {string} */
            tier: "free" | "paid" | "unknown";
            updated_at: string;
            /**
             * Format: int64
             * @description Its share of calls among projects of the same priority.
             */
            weight: number;
        };
        /** @description A project with all that the pool knows of it. */
        ProjectDetails: components["schemas"]["Project"] & {
            keys: components["schemas"]["PoolKey"][];
            models: components["schemas"]["ProjectKey"][];
        };
        /** @description What the project has of one model. */
        ProjectKey: components["schemas"]["Bucket"] & {
            model: string;
            usual?: {
                rpd?: number | null;
                rpm?: number | null;
                tpm?: number | null;
            } | null;
        };
        /** @description A key that came again in the same text. */
        RepeatedKey: {
            first_line: number;
            hint: string;
            line: number;
        };
        /** @description One replica. */
        Replica: {
            address: string;
            id: string;
            last_seen: string;
            started: string;
            version: string;
        };
        /** @description All replicas. */
        Replicas: {
            data: components["schemas"]["Replica"][];
            /**
             * Format: int32
             * @description Over how many replicas limits are divided, because they cannot count together; 1 as long as they can.
             */
            divided_by: number;
            /** @description `ok`, `away`, or `off` where there is no Redis. */
            redis: string;
            /** @description Which one answers. */
            this: string;
        };
        /** @description The settings. */
        SeedConfig: {
            inject_config: components["schemas"]["InjectConfig"];
            success: boolean;
            system_configs: components["schemas"]["SeedConfigRow"][];
            thinking_config: components["schemas"]["ThinkingConfig"];
        };
        /** @description One setting. */
        SeedConfigRow: {
            created_at: string;
            description: string;
            id: number;
            key: string;
            updated_at: string;
            /** @description As text, times in seconds. */
            value: string;
        };
        /** @description That something was done. */
        SeedDone: {
            message: string;
            success: boolean;
        };
        /** @description A key, masked. */
        SeedGeminiKey: {
            created_at: string;
            id: string;
            key: string;
            /** Format: int32 */
            status: number;
            updated_at: string;
        };
        /** @description What became of the keys. */
        SeedKeysAdded: {
            /** @description One sentence for each key. */
            details: string[];
            duplicate_keys: string[];
            failed_adds: number;
            invalid_keys: string[];
            keys: components["schemas"]["BroughtKey"][];
            message: string;
            /** @description At least one was added. */
            success: boolean;
            successful_adds: number;
            total_processed: number;
        };
        /** @description A page of keys. */
        SeedListingOfSeedGeminiKey: {
            keys: components["schemas"]["SeedGeminiKey"][];
            /** @description What to give as `after` for the next page. */
            next?: string | null;
            success: boolean;
        };
        /** @description A page of keys. */
        SeedListingOfSeedUserKey: {
            keys: components["schemas"]["SeedUserKey"][];
            /** @description What to give as `after` for the next page. */
            next?: string | null;
            success: boolean;
        };
        /** @description A model as scripts of the original know it. Limits of −1 are not known: none is enforced until Google names it. */
        SeedModel: {
            created_at: string;
            id: string;
            model_name: string;
            /** Format: int64 */
            rpd_limit: number;
            /** Format: int64 */
            rpm_limit: number;
            /** Format: int64 */
            single_api_rpd_limit: number;
            /** Format: int64 */
            single_api_rpm_limit: number;
            /** Format: int64 */
            single_api_tpm_limit: number;
            /**
             * Format: int32
             * @description 1 if it may be called.
             */
            status: number;
            /** Format: int64 */
            total_rpd_limit: number;
            /** Format: int64 */
            total_rpm_limit: number;
            /** Format: int64 */
            total_tpm_limit: number;
            /** Format: int64 */
            tpm_limit: number;
            updated_at: string;
        };
        /** @description What was changed. */
        SeedModelChanged: {
            message: string;
            success: boolean;
            updated_fields: string[];
        };
        /** @description The model. */
        SeedModelDetails: components["schemas"]["SeedModel"] & {
            success: boolean;
        };
        /** @description The models. */
        SeedModels: {
            models: components["schemas"]["SeedModel"][];
            success: boolean;
        };
        /** @description That a setting was changed. */
        SeedUpdated: {
            message: string;
            success: boolean;
        };
        /** @description A user with its key, masked. */
        SeedUserKey: {
            created_at: string;
            id: string;
            key: string;
            last_used?: string | null;
            name: string;
            /** Format: int32 */
            status: number;
        };
        /** @description A new user with its key. */
        SeedUserKeyCreated: {
            id: string;
            key: string;
            name: string;
            success: boolean;
        };
        /** @description A session. Its id opens nothing. */
        Session: {
            address: string;
            created_at: string;
            /** @description The one that asks. */
            current: boolean;
            id: string;
            /** @description To the minute or so. */
            last_seen_at: string;
            /** @description Null for the holder of the admin token. */
            operator_id?: string | null;
            user_agent: string;
        };
        /** @description How many there were. */
        SessionsEnded: {
            /** Format: int64 */
            ended: number;
        };
        /** @description One setting. */
        Setting: {
            /** @description What would hold if it were reset. */
            configured: unknown;
            constraints: unknown;
            /** @description What holds if nobody says anything, as it is written in a file. */
            default: string;
            doc: string;
            env: string[];
            /** @description Where its starting value is written. */
            flag?: string | null;
            name: string;
            section: string;
            /** @description `stored`, `configured` or `default`. */
            source: string;
            value: unknown;
        };
        /** @description All settings. */
        Settings: {
            settings: components["schemas"]["Setting"][];
            updated_at?: string | null;
            updated_by?: string | null;
            /**
             * Format: int64
             * @description Counts changes; 0 if nothing was ever stored.
             */
            version: number;
        };
        /** @description What a change came to. */
        SettingsChanged: {
            changes: components["schemas"]["Difference"][];
            /** @description Nothing was changed; this is only what would be. */
            dry_run: boolean;
            /**
             * Format: int64
             * @description The version that holds now.
             */
            version: number;
        };
        /** @description A version. */
        SettingsVersion: {
            at: string;
            author: string;
            changes: components["schemas"]["Difference"][];
            note?: string;
            /** Format: int64 */
            version: number;
        };
        /** @description Where the setting-up stands. */
        Setup: {
            /** @description There is an operator with a name and a password. */
            claimed: boolean;
            /** @description Administration is open to everybody on this machine: no login is needed. */
            open: boolean;
        };
        /** @description What is there, and what was used of it. */
        Stats: {
            active_gemini_keys: number;
            active_user_keys: number;
            gemini_keys: number;
            /** @description Active keys that could serve a call now. */
            healthy_gemini_keys: number;
            inject_config: components["schemas"]["InjectConfig"];
            keep_alive_enabled: boolean;
            supported_models: string[];
            thinking_config: components["schemas"]["ThinkingConfig"];
            usage_stats: {
                [key: string]: components["schemas"]["StatsUse"];
            };
            user_keys: number;
        };
        /** @description Requests that reached Google, and their input tokens. */
        StatsCount: {
            /** Format: int64 */
            requests: number;
            /** Format: int64 */
            tokens: number;
        };
        /** @description What was used of a model. */
        StatsUse: {
            /** @description Since midnight in Los Angeles, as Google counts days. */
            day: components["schemas"]["StatsCount"];
            /** @description In the last minute. */
            minute: components["schemas"]["StatsCount"];
        };
        /** @description What `/status` says. */
        Status: {
            active_keys: number;
            /** Format: double */
            cpu_percent: number;
            /** @description The gateway calls itself now and then: it is switched on, and an external URL is known. */
            keep_alive_active: boolean;
            keep_alive_enabled: boolean;
            /** Format: double */
            memory_usage_mb: number;
            models: string[];
            /** @description A name that scripts split at spaces. There is no Python here, and this says so. */
            python_version: string;
            render_url?: string | null;
            service: string;
            status: string;
            thinking_enabled: boolean;
            /** Format: int64 */
            total_requests: number;
            /** Format: int64 */
            uptime_seconds: number;
            version: string;
        };
        /** @description Keys that may be of one project. */
        Suggestion: {
            number?: string;
            /** @enum {string} */
            sign: "same_number" | "met_together";
            /** Format: int64 */
            times?: number;
        } & {
            /** @enum {string} */
            confidence: "possible" | "likely" | "certain";
            keys: components["schemas"]["SuggestionKey"][];
            since: string;
            /** @description The same in words, with what to do. */
            summary: string;
        };
        /** @description A key, and the project it is counted to. */
        SuggestionKey: {
            id: string;
            project_id: string;
        };
        /** @description The surest first. There are few: no pages. */
        Suggestions: {
            data: components["schemas"]["Suggestion"][];
        };
        /** @description How models think if the request does not say. */
        ThinkingConfig: {
            /** Format: int64 */
            budget: number;
            enabled: boolean;
            include_thoughts: boolean;
        };
        /** @description How long a call took, in milliseconds. */
        Timings: {
            /**
             * Format: int64
             * @description From its coming to the first event with content; none if there was none.
             * @default null
             */
            first_event_ms: number | null;
            /**
             * Format: int64
             * @description Reading and translating, before it was known what is wanted.
             * @default 0
             */
            prepared_ms: number;
            /**
             * Format: int64
             * @description Waiting for a project with room.
             * @default 0
             */
            queued_ms: number;
            /**
             * Format: int64
             * @description From its coming to its end.
             * @default 0
             */
            total_ms: number;
            /**
             * Format: int64
             * @description Attempts, up to the first event of the one that served.
             * @default 0
             */
            upstream_ms: number;
        };
        /** @description How telling went. */
        Told: {
            /** @description Which channel. */
            channel: string;
            /** @description Why it did not work, if it did not. */
            error?: string | null;
        };
        /** @description Sums by group, and what they are altogether. */
        Usage: {
            data: components["schemas"]["UsageGroup"][];
            /** @description What to give as `after` for the next page; null after the last. */
            next?: string | null;
            /** @description All calls of the filter, those of other pages included. */
            total: components["schemas"]["UsageTotals"];
        };
        /** @description The sums of a group. */
        UsageGroup: components["schemas"]["UsageTotals"] & {
            /** @description The start of the hour, an id, or a name. */
            group: string;
        };
        /** @description How long something took; null of nothing. Percentiles are interpolated from twelve bins. */
        UsageTimes: {
            /** Format: int64 */
            mean?: number | null;
            /** Format: int64 */
            p50?: number | null;
            /** Format: int64 */
            p95?: number | null;
            /** Format: int64 */
            p99?: number | null;
        };
        /** @description What calls used. */
        UsageTotals: {
            /** Format: int64 */
            cached_tokens: number;
            /** Format: int64 */
            calls: number;
            /** Format: int64 */
            cost_microdollars: number;
            /** @description To the first event with content. */
            first_event_ms: components["schemas"]["UsageTimes"];
            /** Format: int64 */
            input_tokens: number;
            /** Format: int64 */
            output_tokens: number;
            /** Format: int64 */
            thinking_tokens: number;
            /** Format: int64 */
            tool_use_tokens: number;
            /** @description To the end. */
            total_ms: components["schemas"]["UsageTimes"];
        };
        /** @description A user as the operator sees it. */
        User: {
            /** @description Where it may call from; empty for everywhere. */
            addresses: string[];
            created_at: string;
            enabled: boolean;
            expires_at?: string | null;
            /** @description What may be shown of its key. */
            hint: string;
            id: string;
            injection?: components["schemas"]["Injection"] | null;
            /** @description To the minute or so. */
            last_used_at?: string | null;
            limits: components["schemas"]["UserLimits"];
            /** @description Whether what is said in its calls is kept for a while. */
            log_bodies: boolean;
            /** @description Models it may ask for; empty for all. */
            models: string[];
            name: string;
            /** @description Whose calls go first when there is no room for all. */
            priority: components["schemas"]["Priority"];
            /** @description Served by paid projects only. */
            private: boolean;
            /**
             * Format: int32
             * @description Its share of turns and of the day relative to others.
             */
            weight: number;
        };
        /** @description What is known about a key. */
        UserChecked: {
            /** @description Why it would not be let in. */
            reason?: string | null;
            user?: components["schemas"]["KeyOwner"] | null;
            valid: boolean;
        };
        /** @description A user, and how it stands. */
        UserDetails: components["schemas"]["User"] & {
            usage: components["schemas"]["UserUsage"];
        };
        /** @description A user's limits as they are shown; null is no limit. Money is in dollars. */
        UserLimits: {
            /** Format: int64 */
            concurrency?: number | null;
            /** Format: int64 */
            rpd?: number | null;
            /** Format: int64 */
            rpm?: number | null;
            /** Format: int64 */
            tokens_day?: number | null;
            /** Format: int64 */
            tokens_month?: number | null;
            /** Format: int64 */
            tokens_total?: number | null;
            /** Format: int64 */
            tpm?: number | null;
            /** Format: double */
            usd_day?: number | null;
            /** Format: double */
            usd_month?: number | null;
            /** Format: double */
            usd_total?: number | null;
        };
        /**
         * @description By the limit's name, in the order of names: how much is used, what the limit is (null for none), and when it begins anew
         *     (null if it does not by itself). What is reserved for calls under way counts as used. Money is in dollars.
         */
        UserUsage: {
            [key: string]: unknown;
        };
        /** @description A user whose key was made now. It cannot be read again. */
        UserWithKey: components["schemas"]["User"] & {
            key: string;
        };
        /** @description What projects of a tier usually have; null is no limit. */
        UsualLimits: {
            /** Format: int64 */
            free?: number | null;
            /** Format: int64 */
            paid?: number | null;
        };
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export type operations = Record<string, never>;
