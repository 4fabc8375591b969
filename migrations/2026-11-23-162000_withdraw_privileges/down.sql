DROP FUNCTION withdraw_privileges(text, regclass);
