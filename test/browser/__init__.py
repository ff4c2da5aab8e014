# SPDX-License-Identifier: Apache-2.0 - marks the tests with a real browser as a package
