//! nginx as a plain reverse proxy: one worker, connections kept to both sides, streams passed on at once.

use std::path::Path;

use anyhow::Context;

use crate::process::Process;
use crate::target::Target;

/// Starts it in front of the upstream.
pub(crate) fn start(program: &Path, core: usize, upstream: u16, folder: &Path) -> anyhow::Result<Target> {
    let port = crate::plan::free_port()?;
    let config = folder.join("nginx.conf");
    std::fs::write(&config, text(port, upstream, folder)).context("cannot write nginx's configuration")?;
    let process = Process::start(program, core, &folder.join("nginx.log"), |command| {
        command.arg("-c").arg(&config).arg("-p").arg(folder);
    })?;
    Ok(Target {
        name: "nginx",
        port,
        process: Some(process),
        key: "none".to_owned(),
        translates: false,
        started: std::time::Duration::ZERO,
    })
}

fn text(port: u16, upstream: u16, folder: &Path) -> String {
    let folder = folder.display();
    format!(
        "daemon off;
worker_processes 1;
worker_rlimit_nofile 65536;
pid {folder}/nginx.pid;
error_log {folder}/nginx-error.log;
events {{ worker_connections 32768; }}
http {{
  access_log off;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  client_max_body_size 64m;
  client_body_buffer_size 2m;
  keepalive_requests 1000000000;
  tcp_nodelay on;
  upstream fixed {{ server 127.0.0.1:{upstream}; keepalive 1024; keepalive_requests 1000000000; }}
  server {{
    listen 127.0.0.1:{port} backlog=16384;
    location / {{
      proxy_pass http://fixed;
      proxy_http_version 1.1;
      proxy_set_header Connection '';
      proxy_buffering off;
      proxy_read_timeout 300s;
    }}
  }}
}}
"
    )
}
