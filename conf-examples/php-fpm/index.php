<?php
// SPDX-License-Identifier: Apache-2.0 - a page that greets who is signed in, for everybody
// httpd has found out who it is; a variable that is not set means nobody, or no organization.
$user = $_SERVER['CLERK_USER_ID'] ?? null;
$organization = $_SERVER['CLERK_ORG_SLUG'] ?? null;
header('Content-Type: text/html; charset=utf-8');
?>
<!DOCTYPE html>
<title>Example</title>
<?php if ($user === null): ?>
<p>Hello. <a href="/account/">Sign in</a></p>
<?php else: ?>
<p>Hello <?= htmlspecialchars($user) ?><?php if ($organization !== null): ?> of <?=
    htmlspecialchars($organization) ?><?php endif ?>.</p>
<?php endif ?>
