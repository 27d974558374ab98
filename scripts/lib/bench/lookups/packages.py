"""The Debian packages that this case needs beyond those of scripts/install."""
import os
import shutil
import subprocess

PACKAGES = {
    "wrk": "/usr/bin/wrk",
    "php8.2-fpm": "/usr/sbin/php-fpm8.2",
    "php8.2-redis": "/etc/php/8.2/mods-available/redis.ini",
    "php8.2-mysql": "/etc/php/8.2/mods-available/pdo_mysql.ini",
    "golang-go": "/usr/bin/go",
    "golang-github-gomodule-redigo-dev": "/usr/share/gocode/src/github.com/gomodule/redigo",
    "golang-github-go-sql-driver-mysql-dev": "/usr/share/gocode/src/github.com/go-sql-driver/mysql",
    "gcc": "/usr/bin/gcc",
}
POLICY = "/usr/sbin/policy-rc.d"


def install():
    """Installs what is missing; silent, and without root, where all is there."""
    missing = [package for package, path in PACKAGES.items() if not os.path.exists(path)]
    if not missing:
        return
    as_root = [] if os.geteuid() == 0 else ["sudo"]
    command = ["apt-get", "install", "--no-install-recommends", *missing]
    if as_root and not shutil.which("sudo"):
        raise SystemExit(f"bench: missing; install as root: {' '.join(command)}")
    if not shutil.which("apt-get"):
        raise SystemExit(f"bench: missing, and there is no apt-get here: {' '.join(missing)}")
    print(f"installing {' '.join(missing)}", flush=True)
    # As in scripts/install: the package of PHP-FPM would start a server for the whole system.
    forbids = not os.path.exists(POLICY)
    if forbids:
        script = f"printf '#!/bin/sh\\nexit 101\\n' >{POLICY}; chmod 755 {POLICY}"
        subprocess.run([*as_root, "sh", "-c", script], check=True)
    try:
        apt = [*as_root, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-qq"]
        apt += ["-o", "DPkg::Lock::Timeout=300"]
        subprocess.run([*apt, "update"], check=True)
        subprocess.run(
            [*apt, "-y", *command[1:]], check=True, stdout=subprocess.DEVNULL
        )
    finally:
        if forbids:
            subprocess.run([*as_root, "rm", "-f", POLICY], check=True)
