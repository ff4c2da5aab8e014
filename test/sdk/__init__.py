# SPDX-License-Identifier: Apache-2.0 - marks the tests that ask Clerk's SDK as a package
